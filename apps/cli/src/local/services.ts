/** Edge, worker and console as processes: what they are told, and how one sees that they live and are ready. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LocalServer, SetupFailure, startServer } from '@foreshard/local';
import { ROOT } from '../checkout.ts';
import type { Note } from './progress.ts';
import type { Stores } from './servers.ts';
import { addressOf, type Listener, type UpSettings } from './settings.ts';

export interface Service {
  readonly name: 'edge' | 'worker' | 'console';
  readonly listener: Listener;
  /** relative to the checkout */
  readonly args: readonly string[];
  readonly cwd: string;
  readonly livePath: string;
  readonly readyPath: string;
}

const READY_WITHIN_MS = 180_000;
const PROBE_WITHIN_MS = 5_000;
const PROBE_EVERY_MS = 100;

/** In the order in which they start, and stop. */
export function services({ edge, web, worker }: UpSettings): readonly Service[] {
  const app = (name: string) => [join(ROOT, 'apps', name, 'src/main.ts')];
  const next = join(ROOT, 'node_modules/next/dist/bin/next');
  const probes = { livePath: '/livez', readyPath: '/readyz' };
  return [
    { name: 'edge', listener: edge, args: app('edge'), cwd: ROOT, ...probes },
    { name: 'worker', listener: worker, args: app('worker'), cwd: ROOT, ...probes },
    {
      name: 'console',
      listener: web,
      args: [next, 'start', '-H', web.host, '-p', String(web.port)],
      cwd: join(ROOT, 'apps/web'),
      livePath: '/api/livez',
      readyPath: '/api/readyz',
    },
  ];
}

export function serviceEnvironment(
  settings: UpSettings,
  stores: Stores,
  sampleToken: string,
): NodeJS.ProcessEnv {
  return {
    ...process.env,
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    DATABASE_URL: stores.databaseUrl,
    REDIS_URL: stores.redisUrl,
    ...(stores.topologyUrl === undefined ? {} : { TOPOLOGY_URL: stores.topologyUrl }),
    FORESHARD_DATA_DIR: settings.dataDir,
    EDGE_HOST: settings.edge.host,
    EDGE_PORT: String(settings.edge.port),
    WEB_HOST: settings.web.host,
    WEB_PORT: String(settings.web.port),
    WORKER_HOST: settings.worker.host,
    WORKER_PORT: String(settings.worker.port),
    FORESHARD_CONSOLE_URL: process.env.FORESHARD_CONSOLE_URL ?? addressOf(settings.web),
    FORESHARD_EDGE_URL: addressOf(settings.edge),
    // edge and worker need none
    FORESHARD_TOKEN: sampleToken,
  };
}

/** Started and alive, not yet ready: readiness may need the other services. */
export function startService(
  service: Service,
  dataDir: string,
  env: NodeJS.ProcessEnv,
): Promise<LocalServer> {
  return startServer({
    url: addressOf(service.listener),
    port: service.listener.port,
    dir: dataDir,
    answers: () => probe(service, service.livePath),
    spec: {
      name: service.name,
      program: process.execPath,
      args: service.args,
      cwd: service.cwd,
      env,
      logFile: join(dataDir, 'logs', `${service.name}.log`),
      endSignal: 'SIGTERM',
    },
  });
}

export async function whenReady(service: Service, note: Note): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  note(service.name);
  while (!(await probe(service, service.readyPath))) {
    if (Date.now() > deadline)
      throw new SetupFailure(
        `${service.name} is alive but not ready after ${READY_WITHIN_MS / 1000} s`,
        'run "foreshard doctor", and see its log',
      );
    await sleep(PROBE_EVERY_MS);
  }
}

export async function probe(service: Service, path: string): Promise<boolean> {
  const response = await fetch(`${addressOf(service.listener)}${path}`, {
    signal: AbortSignal.timeout(PROBE_WITHIN_MS),
    redirect: 'manual',
  }).catch(() => undefined);
  await response?.body?.cancel();
  return response !== undefined && response.status < 400;
}
