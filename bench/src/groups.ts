/**
 * What a page of consumer groups costs: its summaries against the details of the same groups, side by side, as the page
 * asked for them before there were summaries. Two hundred groups have a position in every shardlet. With --keep the console
 * stays, to be looked at.
 */
import { once } from 'node:events';
import { createAdministrator } from '@foreshard/core/adapters/identity';
import { buildConsole } from '../../apps/cli/src/building/build-console.ts';
import { ADMINISTRATOR } from '../../e2e/src/signing-in.ts';
import type { BenchOptions, BenchResult } from './bench.ts';
import { type BenchCluster, startCluster } from './measure/cluster.ts';
import { startConsole } from './measure/console.ts';
import { interleave, ratio, spread } from './measure/interleave.ts';
import { fillWithGroups, manyGroupName } from './measure/many-groups.ts';

const GROUPS = 200;
const MEMBERS = 8;
const PAGE = 50;
const SHARDLETS_SHOWN = 50;
/** An edge answers the same page from memory for so long. */
const FORGOTTEN_MS = 1_100;

const DETAILS = `details of ${PAGE} groups, ms`;
const SUMMARIES = `summaries of ${PAGE} groups, ms`;
const WHOLE = 'one group, all shardlets, ms';
const PART = `one group, ${SHARDLETS_SHOWN} shardlets, ms`;

export async function run(options: BenchOptions): Promise<BenchResult> {
  const cluster = await startCluster(options);
  try {
    const groups = options.isQuick ? PAGE : GROUPS;
    const shardlets = await fillWithGroups(cluster, { groups, members: MEMBERS });
    if (options.keep) await stay(cluster);
    const bytes = new Map<string, number>();
    const asking = (name: string, paths: readonly string[]) => ({
      name,
      async measure() {
        await new Promise((resolve) => setTimeout(resolve, FORGOTTEN_MS));
        const startedMs = performance.now();
        const sizes = await Promise.all(paths.map((path) => sizeOf(cluster, path)));
        bytes.set(
          name,
          sizes.reduce((sum, size) => sum + size, 0),
        );
        return performance.now() - startedMs;
      },
    });
    const details = Array.from({ length: PAGE }, (_, i) => `/v1/groups/${manyGroupName(i)}`);
    const [first] = details;
    const candidates = [
      asking(SUMMARIES, [`/v1/group-summaries?limit=${PAGE}`]),
      asking(DETAILS, details),
      asking(PART, [`${first}?limit=${SHARDLETS_SHOWN}&sort=lag`]),
      asking(WHOLE, [first!]),
    ];
    const results = await interleave(candidates, options.rounds);
    const sizes = [...bytes].map(([name, size]) => [name.replace(', ms', ', kB'), Math.round(size / 1_000)]);
    return {
      mode: { groups, shardlets, 'members a group': MEMBERS, ...Object.fromEntries(sizes) },
      ratios: {
        'summaries / details': ratio(results, SUMMARIES, DETAILS),
        'one group, a page of shardlets / all': ratio(results, PART, WHOLE),
        ...Object.fromEntries([...results].map(([name, ms]) => [name, spread(ms)])),
      },
    };
  } finally {
    await cluster.close();
  }
}

async function sizeOf({ edgeUrl, token }: BenchCluster, path: string): Promise<number> {
  const reply = await fetch(edgeUrl + path, { headers: { authorization: `Bearer ${token}` } });
  const body = await reply.arrayBuffer();
  if (!reply.ok) throw new Error(`${path}: ${reply.status} ${Buffer.from(body)}`);
  return body.byteLength;
}

async function stay({ control, environment, edgeUrl }: BenchCluster): Promise<void> {
  await buildConsole();
  await createAdministrator(control.people, ADMINISTRATOR);
  const { url, child } = await startConsole({ ...environment, FORESHARD_EDGE_URL: edgeUrl });
  process.stderr.write(`the console of many groups: ${url}\nCtrl-C ends it\n`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await child.stop();
}
