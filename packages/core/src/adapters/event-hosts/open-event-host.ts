/** Which adapter speaks to a host: the one place that knows all engines. */
import type { EventHost } from '../../hosts/index.ts';
import type { Host } from '../../topology/index.ts';
import { connectPostgresHost } from '../postgres/index.ts';
import { connectRedisHost, UnsuitableServer } from '../redis/index.ts';

interface Connection {
  readonly url: string;
  readonly expectedIncarnation: string | undefined;
  readonly callTimeoutMs?: number;
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
 * A handle on the run of the host that has this incarnation; undefined takes any, which is only for who
 * identifies or readmits it. `callTimeoutMs`: how long a call waits for its answer, else the adapter decides.
 *
 * @throws HostUnreachable, or UnsuitableServer when it must not be a host
 */
export async function openEventHost(
  host: Host,
  expectedIncarnation: string | undefined,
  limits: { readonly callTimeoutMs?: number } = {},
): Promise<EventHost> {
  if (host.durability !== 'always')
    throw new UnsuitableServer(
      `host "${host.name}" is declared "${host.durability}", which may lose acknowledged events and is not served; ` +
        `give it "${DURABLE_SETTING[host.engine]}" and declare it "always"`,
    );
  return CONNECT[host.engine]({ url: host.url, expectedIncarnation, ...limits });
}

/** A handle on whatever runs there now: for a server that is not a host of T yet. */
export function connectAnyHost({ engine, url }: Address): Promise<EventHost> {
  return CONNECT[engine]({ url, expectedIncarnation: undefined });
}
