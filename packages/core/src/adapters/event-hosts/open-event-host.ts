/** Which adapter speaks to a host: the one place that knows all engines. */
import { type EventHost, ProgressWatch } from '../../hosts/index.ts';
import type { Host } from '../../topology/index.ts';
import { connectPostgresHost } from '../postgres/index.ts';
import { connectRedisHost, UnsuitableServer } from '../redis/index.ts';

interface Connection {
  readonly url: string;
  readonly expectedIncarnation: string | undefined;
  readonly callTimeoutMs?: number;
  readonly watch?: ProgressWatch | undefined;
}

export interface OpenOptions {
  /** how long a call waits for its answer, else the adapter decides */
  readonly callTimeoutMs?: number;
  /** what this process has seen of the host before, by other handles; else only this one's answers count */
  readonly watch?: ProgressWatch;
  /** for who readmits it: the host changes its generation meanwhile, and what it lost is known */
  readonly unjudged?: boolean;
}

type Address = Pick<Host, 'engine' | 'url'>;

const CONNECT: Record<Host['engine'], (connection: Connection) => Promise<EventHost>> = {
  redis: connectRedisHost,
  postgres: connectPostgresHost,
};

const DURABLE_SETTING: Record<Host['engine'], string> = {
  redis: 'appendfsync always',
  postgres: 'synchronous_commit = on',
};

/**
 * A handle on the run of the host that has this incarnation, which judges every answer: the host is of the
 * generation that T knows and has not gone back to an older state. An incarnation of undefined takes any
 * run and judges nothing, which is only for who identifies or readmits it.
 *
 * @throws HostUnreachable, or UnsuitableServer when it must not be a host
 */
export async function openEventHost(
  host: Host,
  expectedIncarnation: string | undefined,
  options: OpenOptions = {},
): Promise<EventHost> {
  if (host.durability !== 'always')
    throw new UnsuitableServer(
      `host "${host.name}" is declared "${host.durability}", which may lose acknowledged events and is not served; ` +
        `give it "${DURABLE_SETTING[host.engine]}" and declare it "always"`,
    );
  const watch =
    expectedIncarnation === undefined || options.unjudged
      ? undefined
      : (options.watch ?? new ProgressWatch(host.generation));
  return CONNECT[host.engine]({ ...options, url: host.url, expectedIncarnation, watch });
}

/** A handle on whatever runs there now: for a server that is not a host of T yet. */
export function connectAnyHost({ engine, url }: Address): Promise<EventHost> {
  return CONNECT[engine]({ url, expectedIncarnation: undefined });
}
