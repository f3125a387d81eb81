/** A handle on a host as a process holds it: every operation is a call over the network, to one run of the host. */
import { type EventHost, HostUnreachable } from '@foreshard/core/hosts';
import type { Host } from '@foreshard/core/topology';
import type { DurableHost, HostMethod } from './durable-host.ts';
import type { Network } from './network.ts';
import type { VirtualProcess } from './virtual-process.ts';

const METHODS: readonly HostMethod[] = [
  ...(['identify', 'adopt', 'createShadow', 'createOpen', 'append', 'seal', 'ingest', 'ingestIds'] as const),
  ...([
    'truncate',
    'digest',
    'trim',
    'ready',
    'open',
    'raise',
    'drop',
    'read',
    'seek',
    'bytesIn',
    'frontier',
  ] as const),
  ...(['createFloor', 'describe', 'list', 'readIds', 'forgetIds', 'usage'] as const),
];

export type OpenHost = (host: Host, expectedIncarnation: string | undefined) => Promise<EventHost>;

/** As the real adapters connect: whoever answers is asked who it is before anything else. */
export function hostDoor(
  process: VirtualProcess,
  network: Network,
  hosts: ReadonlyMap<number, DurableHost>,
): OpenHost {
  return async ({ id }, expected) => {
    const host = hosts.get(id);
    if (host === undefined) throw new HostUnreachable('connection', `nobody is at the address of host ${id}`);
    const handle = handleOn(process, network, host);
    const { incarnation } = await handle.identify();
    if (expected !== undefined && incarnation !== expected)
      throw new HostUnreachable('incarnation', `host ${id} is in run ${incarnation}, not in ${expected}`);
    return handle;
  };
}

function handleOn(process: VirtualProcess, network: Network, host: DurableHost): EventHost {
  const { run } = host;
  const call = (method: HostMethod, args: unknown[]) => {
    if (host.run !== run && host.isUp)
      return Promise.reject(new HostUnreachable('incarnation', `host ${host.id} is in another run`));
    const sent = method === 'append' ? args.map(detached) : args;
    return network.call(
      process,
      host,
      method,
      () => host.execute(method, sent),
      (reason) => new HostUnreachable(reason, `host ${host.id}: ${reason}`),
      run,
    );
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
