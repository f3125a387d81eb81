/**
 * A cluster made of another checkout's code: node cluster-of-version.ts CHECKOUT OPTIONS. Prints one JSON line when
 * the edge is ready and stops when its input ends.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BenchOptions } from '../bench.ts';

const [checkout = '', text = '{}'] = process.argv.slice(2);
const options: BenchOptions = JSON.parse(text);

function of<T>(path: string): Promise<T> {
  return import(pathToFileURL(join(checkout, 'bench/src/measure', path)).href) as Promise<T>;
}

const { startCluster } = await of<typeof import('./cluster.ts')>('cluster.ts');
const { preload } = await of<typeof import('./preload.ts')>('preload.ts');
const cluster = await startCluster(options);
await preload(cluster.host.url, await cluster.control.topology.snapshot(), options.ids);
const { edgeUrl, edgePid, token } = cluster;
process.stdout.write(`${JSON.stringify({ edgeUrl, edgePid, token, hostPid: cluster.host.pid })}\n`);
process.stdin.resume();
await new Promise((resolve) => process.stdin.once('end', resolve));
await cluster.close();
process.exit(0);
