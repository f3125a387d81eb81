/** A handle on a host as a process holds it: every operation is a call over the network, to one run of the host. */
import { type EventHost, HostUnreachable, ProgressWatch } from '@foreshard/core/hosts';
import type { Host } from '@foreshard/core/topology';
import type { Answer, DurableHost, HostMethod } from './durable-host.ts';
import type { Network } from './network.ts';
import type { VirtualProcess } from './virtual-process.ts';

const METHODS: readonly HostMethod[] = [
  ...(['identify', 'adopt', 'createShadow', 'createOpen', 'append', 'seal', 'ingest', 'ingestIds'] as const),
  ...(['truncate', 'digest', 'trim', 'ready', 'open', 'raise', 'drop', 'read', 'seek', 'frontier'] as const),
  ...([
    'createFloor',
    'describe',
    'list',
    'readIds',
    'forgetIds',
    'usage',
    'mark',
    'admit',
    'bytesIn',
  ] as const),
];

export type OpenHost = (
  host: Host,
  expectedIncarnation: string | undefined,
  options?: { readonly watch?: ProgressWatch; readonly unjudged?: boolean },
) => Promise<EventHost>;

/**
 * As the real adapters connect: whoever answers is asked who it is before anything else, and judged by its
 * progress. A host that is declared `everysec` may go back, and says so by its declaration: it is not judged.
 */
export function hostDoor(
  process: VirtualProcess,
  network: Network,
  hosts: ReadonlyMap<number, DurableHost>,
): OpenHost {
  return async ({ id, generation }, expected, options = {}) => {
    const host = hosts.get(id);
    if (host === undefined) throw new HostUnreachable('connection', `nobody is at the address of host ${id}`);
    const judges = expected !== undefined && !options.unjudged && host.durability === 'always';
    const watch = judges ? (options.watch ?? new ProgressWatch(generation)) : undefined;
    const handle = handleOn(process, network, host, watch);
    const { incarnation } = await handle.identify();
    if (expected !== undefined && incarnation !== expected)
      throw new HostUnreachable('incarnation', `host ${id} is in run ${incarnation}, not in ${expected}`);
    return handle;
  };
}

function handleOn(
  process: VirtualProcess,
  network: Network,
  host: DurableHost,
  watch: ProgressWatch | undefined,
): EventHost {
  const { run } = host;
  const call = async (method: HostMethod, args: unknown[]) => {
    watch?.insistOnProgress();
    if (host.run !== run && host.isUp)
      throw new HostUnreachable('incarnation', `host ${host.id} is in another run`);
    const seen = watch?.seen ?? 0;
    const sent = method === 'append' ? args.map(detached) : args;
    const { reply, progress, own } = await network.call<Answer<unknown>>(
      process,
      host,
      method,
      () => host.execute(method, sent),
      (reason) => new HostUnreachable(reason, `host ${host.id}: ${reason}`),
      run,
    );
    watch?.judge(seen, progress, own);
    return reply;
  };
  const methods = METHODS.map((method) => [method, (...args: unknown[]) => call(method, args)]);
  return { ...Object.fromEntries(methods), close: async () => {} } as EventHost;
}

/** The frames of an append lie in a buffer that its sender uses again. */
function detached(groups: unknown): unknown {
  return (groups as { frames: Uint8Array }[]).map((group) => ({
    ...group,
    frames: new Uint8Array(group.frames),
  }));
}
