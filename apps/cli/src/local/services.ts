/** Edge, worker and console as processes: what they are told, and how one sees that they live and are ready. */
import { get as getPlainly } from 'node:http';
import { get as getSecurely } from 'node:https';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
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
      args:
        web.isSecure === true
          ? [join(ROOT, 'apps/web/src/secure.ts')]
          : [next, 'start', '-H', web.host, '-p', String(web.port)],
      cwd: join(ROOT, 'apps/web'),
      livePath: '/api/livez',
      readyPath: '/api/readyz',
    },
  ];
}

export function serviceEnvironment(settings: UpSettings, stores: Stores): NodeJS.ProcessEnv {
  return {
    ...process.env,
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    DATABASE_URL: stores.databaseUrl,
    REDIS_URL: stores.redisUrl,
    ...(stores.topologyUrl === undefined ? {} : { TOPOLOGY_URL: stores.topologyUrl }),
    FORESHARD_DATA_DIR: settings.dataDir,
    // edge and worker are on one machine
    CHECKPOINT_STORE:
      process.env.CHECKPOINT_STORE || pathToFileURL(resolve(settings.dataDir, 'checkpoints')).href,
    EDGE_HOST: settings.edge.host,
    EDGE_PORT: String(settings.edge.port),
    WEB_HOST: settings.web.host,
    WEB_PORT: String(settings.web.port),
    WORKER_HOST: settings.worker.host,
    WORKER_PORT: String(settings.worker.port),
    FORESHARD_CONSOLE_URL: process.env.FORESHARD_CONSOLE_URL ?? addressOf(settings.web),
    FORESHARD_EDGE_URL: addressOf(settings.edge),
    // none of them needs one: whoever started this may have theirs in the environment
    FORESHARD_TOKEN: undefined,
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
  const status = await statusOf(`${addressOf(service.listener)}${path}`).catch(() => undefined);
  return status !== undefined && status < 400;
}

/** Of a process that was started here: its certificate names what people call it, which is not this address. */
function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const get = url.startsWith('https:') ? getSecurely : getPlainly;
    const options = {
      signal: AbortSignal.timeout(PROBE_WITHIN_MS),
      rejectUnauthorized: false,
      agent: false,
    } as const;
    get(url, options, (response) => {
      response.destroy();
      resolve(response.statusCode);
    }).on('error', reject);
  });
}
