/** Opens hosts by the adapter of their engine. */
import { type EventHost, HOST_ENGINES, ProgressWatch } from '../../hosts/index.ts';
import type { Host } from '../../topology/index.ts';
import { ENGINE_ADAPTERS } from '../engines/index.ts';
import { UnsuitableServer } from '../redis/index.ts';

export interface OpenOptions {
  /** how long a call waits for its answer, else the adapter decides */
  readonly callTimeoutMs?: number;
  /** what this process has seen of the host before, by other handles; else only this one's answers count */
  readonly watch?: ProgressWatch;
}

type Address = Pick<Host, 'engine' | 'url'>;

/**
 * A handle on the run of the host that has this incarnation, which judges every answer: the host is of the
 * generation that the topology store knows and has not gone back to an older state. An incarnation of undefined takes
 * any run and judges nothing, which is only for who identifies or readmits it.
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
        `give it "${HOST_ENGINES[host.engine].durableSetting}" and declare it "always"`,
    );
  const watch =
    expectedIncarnation === undefined ? undefined : (options.watch ?? new ProgressWatch(host.generation));
  return ENGINE_ADAPTERS[host.engine].connect({ ...options, url: host.url, expectedIncarnation, watch });
}

/** A handle on whatever runs there now: for a server that is not a host of the topology store yet. */
export function connectAnyHost({ engine, url }: Address): Promise<EventHost> {
  return ENGINE_ADAPTERS[engine].connect({ url, expectedIncarnation: undefined });
}
