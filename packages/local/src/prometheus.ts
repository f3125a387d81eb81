/** A Prometheus of our own for tests, out of the same package as promtool: it scrapes one address every second. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackDebianPackages } from './debian-packages.ts';
import { freePort } from './free-port.ts';
import { type LocalServer, startServer } from './local-server.ts';

export interface PrometheusOptions {
  readonly dir: string;
  /** host:port whose /metrics are scraped */
  readonly scraped: string;
}

const CURE = 'connect to a mirror of Debian';

export async function startPrometheus({ dir, scraped }: PrometheusOptions): Promise<LocalServer> {
  const unpacked = await unpackDebianPackages('promtool', ['prometheus'], CURE, () => {});
  await mkdir(dir, { recursive: true });
  const config = join(dir, 'prometheus.yml');
  const job = { job_name: 'test', static_configs: [{ targets: [scraped] }] };
  // YAML takes JSON
  await writeFile(config, JSON.stringify({ global: { scrape_interval: '1s' }, scrape_configs: [job] }));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  return startServer({
    ...{ url, port, dir },
    answers: async () => (await fetch(`${url}/-/ready`)).ok,
    spec: {
      name: 'prometheus',
      program: join(unpacked.dir, 'usr/bin/prometheus'),
      args: [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(dir, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      cwd: dir,
      env: unpacked.env,
      logFile: join(dir, 'prometheus.log'),
      endSignal: 'SIGTERM',
    },
  });
}
