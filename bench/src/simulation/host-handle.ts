/** A handle on a host as a process holds it: every operation is a call over the network, to one run of the host. */
import { type EventHost, HostUnreachable, ProgressWatch } from '@foreshard/core/hosts';
import type { Host } from '@foreshard/core/topology';
import type { Answer, DurableHost, HostMethod } from './durable-host.ts';
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
    'frontier',
    'news',
    'promise',
  ] as const),
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

/** Who has to find out that a host went back. */
export interface Onlooker {
  /** a host answered less than the same process was answered before it asked */
  noticed(host: number): void;
  /** to be called when a host answers which mark it holds; what it gives, when that has arrived */
  asked(host: number): () => void;
}

const NOBODY: Onlooker = { noticed: () => {}, asked: () => () => {} };
const SHOWS_MARK: ReadonlySet<HostMethod> = new Set(['identify', 'mark']);

export type OpenHost = (
  host: Host,
  expectedIncarnation: string | undefined,
  options?: { readonly watch?: ProgressWatch },
) => Promise<EventHost>;

/**
 * As the real adapters connect: whoever answers is asked who it is before anything else, and judged by its
 * progress. A host that is declared `everysec` may go back, and says so by its declaration: it is not judged.
 */
export function hostDoor(
  process: VirtualProcess,
  network: Network,
  hosts: ReadonlyMap<number, DurableHost>,
  onlooker: Onlooker = NOBODY,
): OpenHost {
  return async ({ id, generation }, expected, options = {}) => {
    const host = hosts.get(id);
    if (host === undefined) throw new HostUnreachable('connection', `nobody is at the address of host ${id}`);
    const judges = expected !== undefined && host.durability === 'always';
    const watch = judges ? (options.watch ?? new ProgressWatch(generation)) : undefined;
    // another run of it, or an empty store in its place, has said nothing about the run that the topology store
    // trusts
    const { incarnation } = await handleOn(process, network, host, undefined).identify();
    if (expected !== undefined && incarnation !== expected)
      throw new HostUnreachable('incarnation', `host ${id} is in run ${incarnation}, not in ${expected}`);
    return handleOn(process, network, host, watch, onlooker);
  };
}

function handleOn(
  process: VirtualProcess,
  network: Network,
  host: DurableHost,
  watch: ProgressWatch | undefined,
  onlooker: Onlooker = NOBODY,
): EventHost {
  const { run } = host;
  // what the watch has to conclude, found out apart from it
  const known = watch === undefined ? undefined : knownBy(watch);
  const call = async (method: HostMethod, args: unknown[]) => {
    watch?.insistOnProgress();
    if (host.run !== run && host.isUp)
      throw new HostUnreachable('incarnation', `host ${host.id} is in another run`);
    const seen = watch?.seen ?? 0;
    const before = known?.count ?? 0;
    const sent = method === 'append' ? args.map(detached) : args;
    let arrived = () => {};
    const { reply, progress, own } = await network.call<Answer<unknown>>(
      process,
      host,
      method,
      () => {
        if (SHOWS_MARK.has(method)) arrived = onlooker.asked(host.id);
        return host.execute(method, sent);
      },
      (reason) => new HostUnreachable(reason, `host ${host.id}: ${reason}`),
      run,
    );
    arrived();
    if (known !== undefined && progress.generation === watch?.generation) {
      if (progress.count - own < before) onlooker.noticed(host.id);
      known.count = Math.max(known.count, progress.count);
    }
    watch?.judge(seen, progress, own);
    return reply;
  };
  const methods = METHODS.map((method) => [method, (...args: unknown[]) => call(method, args)]);
  return { ...Object.fromEntries(methods), close: async () => {} } as EventHost;
}

const KNOWN = new WeakMap<ProgressWatch, { count: number }>();

function knownBy(watch: ProgressWatch): { count: number } {
  const known = KNOWN.get(watch) ?? { count: 0 };
  KNOWN.set(watch, known);
  return known;
}

/** The frames of an append lie in a buffer that its sender uses again. */
function detached(groups: unknown): unknown {
  return (groups as { frames: Uint8Array }[]).map((group) => ({
    ...group,
    frames: new Uint8Array(group.frames),
  }));
}
