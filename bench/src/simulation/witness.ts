/**
 * Sees what hosts do and what the topology store decides, for the checks and for the history: who takes appends at
 * any moment, at which epoch each record came in, and what the topology store has noted as lost on hosts that may
 * lose it.
 */
import { type EventHost, framePayload, splitFrames } from '@foreshard/core/hosts';
import {
  type AppendTaken,
  checkFenced,
  checkOwnership,
  type Loss,
  type OpenReplica,
  placeOfEvent,
  type Violation,
} from '@foreshard/core/simulation';
import type { Change, TopologyMap } from '@foreshard/core/topology';
import type { DurableHost, HostMethod } from './durable-host.ts';
import type { History } from './history.ts';
import type { SetBacks } from './set-backs.ts';

const SHOWN_MAX = 6;
const REPLY_CHARS_MAX = 200;
/** operations after which somebody more may take appends */
const OPENS: ReadonlySet<HostMethod> = new Set<HostMethod>(['createOpen', 'open', 'raise']);
/** not worth a line: they are asked all the time and change nothing */
const UNREPORTED: ReadonlySet<HostMethod> = new Set<HostMethod>([
  'identify',
  'usage',
  'frontier',
  'news',
  'promise',
  'read',
  'forgetIds',
]);

interface Group {
  readonly shardlet: number;
  readonly epoch: number;
  readonly frames: Uint8Array;
}

interface Taken {
  readonly kind: string;
  readonly firstSeq: number;
  readonly firstTs: number;
  readonly duplicates: readonly { readonly index: number }[];
  readonly expired: readonly number[];
}

export class Witness {
  private readonly hosts: ReadonlyMap<number, DurableHost>;
  private readonly truth: TopologyMap;
  private readonly history: History;
  private readonly violations: Violation[];
  private readonly setBacks: SetBacks;
  /** only where hosts may lose something is it of interest at which epoch a record came in */
  private readonly notesEpochs: boolean;
  private readonly forgetful = new Set<number>();
  private readonly losses = new Map<number, Loss[]>();
  private readonly revived = new Map<number, number>();
  private readonly anew = new Map<number, number[]>();

  constructor(parts: {
    hosts: ReadonlyMap<number, DurableHost>;
    truth: TopologyMap;
    history: History;
    violations: Violation[];
    setBacks: SetBacks;
    notesEpochs: boolean;
  }) {
    this.hosts = parts.hosts;
    this.truth = parts.truth;
    this.history = parts.history;
    this.violations = parts.violations;
    this.setBacks = parts.setBacks;
    this.notesEpochs = parts.notesEpochs;
  }

  /** The last epoch at which this event was stored at this place. */
  epochOf(event: string, shardlet: number, seq: number | undefined): number | undefined {
    return this.setBacks.epochOf(placeOfEvent({ event, shardlet, seq }));
  }

  /** What the topology store noted while a host that may lose appends had the shardlet, or after any host went back. */
  lossesOf(shardlet: number): readonly Loss[] {
    return this.losses.get(shardlet) ?? [];
  }

  /** Where it was closed when a loss was accepted, before a newer state of its host was put back with more. */
  revivedAbove(shardlet: number): number | undefined {
    return this.revived.get(shardlet);
  }

  /** Epochs in which it began anew, empty, after a loss was accepted. */
  beganAnewAt(shardlet: number): readonly number[] {
    return this.anew.get(shardlet) ?? [];
  }

  /** REQUIRES that `truth` does not have the change yet. */
  decided(change: Change, what: string): void {
    const mayLose = this.setBacks.any || this.setBacks.isDiskGivenUp;
    for (const { id, owner, epoch, state, lost } of change.shardlets) {
      if (mayLose || this.hosts.get(owner)?.durability === 'everysec') {
        const fresh = lost.slice(this.truth.shardlet(id)?.lost.length ?? 0);
        this.losses.set(id, [...this.lossesOf(id), ...fresh]);
      }
      const before = this.truth.shardlet(id)?.state;
      if (before?.kind === 'closed' && state.kind === 'closed' && state.finalSeq > before.finalSeq)
        this.revived.set(id, Math.min(before.finalSeq, this.revivedAbove(id) ?? before.finalSeq));
      if (state.kind === 'opening' && state.job.kind === 'recreate')
        this.anew.set(id, [...this.beganAnewAt(id), epoch]);
      if (!this.history.wanted) continue;
      const text = `shardlet ${id}@${epoch} on host-${owner} ${JSON.stringify(state)}`;
      this.history.note('T', `${change.version} ${what}: ${text}`, [id]);
    }
    if (change.shardlets.length === 0) this.history.note('T', `${change.version} ${what}`);
  }

  performed(host: DurableHost, method: HostMethod, args: readonly unknown[], reply: unknown): void {
    if (method === 'append') this.appended(host, args[0] as readonly Group[], reply as readonly Taken[]);
    else if (this.history.wanted && !UNREPORTED.has(method)) this.note(host, method, args, reply);
    if (method === 'createOpen') void this.created(host, args as Parameters<EventHost['createOpen']>);
    if (OPENS.has(method)) void this.checkOwnership();
  }

  /**
   * Where a shardlet begins anew and no parent with ids is left beside it, a retry is taken for a new event. A copy
   * that the topology store has given away is none: it knows no ids of after the move, and the readmission drops it.
   */
  forgets(shardlet: number): boolean {
    return this.forgetful.has(shardlet);
  }

  private async created(
    { id, memory }: DurableHost,
    [shardlet, , , given]: Parameters<EventHost['createOpen']>,
  ): Promise<void> {
    const parents = this.truth.shardlet(shardlet)?.parents ?? [];
    if (given.length === parents.length) return;
    const here = parents.filter((parent) => this.truth.shardlet(parent)?.owner === id);
    const found = await Promise.all(here.map((parent) => memory.describe(parent)));
    const left = found.filter((each) => 'mode' in each && each.mode === 'sealed').length;
    if (given.length < left) return;
    this.forgetful.add(shardlet);
  }

  /**
   * Until its loss is accepted, and the topology store has readmitted it, a host that went back may have open what
   * the topology store has given away since: nothing can fence what comes from an old map then.
   */
  private isOutOfUse(host: DurableHost): boolean {
    return host.isOlder || this.truth.host(host.id)?.readmission?.regressed !== undefined;
  }

  /** Only a run that the topology store trusts is used by anybody. */
  async checkOwnership(): Promise<void> {
    const open: OpenReplica[] = [];
    for (const host of this.hosts.values()) {
      if (
        !host.isUp ||
        host.isEmptied ||
        this.isOutOfUse(host) ||
        this.truth.host(host.id)?.incarnation !== host.incarnation
      )
        continue;
      for (const { shardlet, epoch, mode } of await host.memory.list(0, 10_000)) {
        if (mode !== 'open') continue;
        const details = await host.memory.describe(shardlet);
        if ('range' in details)
          open.push({ host: host.id, shardlet, epoch, stream: details.stream, range: details.range });
      }
    }
    this.violations.push(...checkOwnership(open));
  }

  private appended(host: DurableHost, groups: readonly Group[], replies: readonly Taken[]): void {
    for (const [i, group] of groups.entries()) {
      const reply = replies[i]!;
      const breaches = reply.kind === 'appended' ? this.breachesOf(host, group) : [];
      if (!this.isOutOfUse(host)) this.violations.push(...breaches);
      if (!this.notesEpochs && !this.history.wanted) continue;
      const ids = splitFrames(group.frames).map(eventIdOf);
      if (reply.kind === 'appended') this.noteStored(host, group, ids, reply, breaches.length > 0);
      const { shardlet, epoch } = group;
      const shown = `${ids.slice(0, SHOWN_MAX)}${ids.length > SHOWN_MAX ? '...' : ''}`;
      this.history.note(host.name, `append ${shardlet}@${epoch} ${shown} -> ${briefly(reply)}`, [
        shardlet,
        ...ids,
      ]);
    }
  }

  private breachesOf(host: DurableHost, { shardlet, epoch }: Group): Violation[] {
    const known = this.truth.shardlet(shardlet);
    if (known === undefined) return [];
    const taken: AppendTaken = { host: host.id, shardlet, epoch };
    return checkFenced(taken, { epoch: known.epoch, state: known.state.kind });
  }

  private noteStored(
    host: DurableHost,
    { shardlet, epoch }: Group,
    ids: readonly string[],
    reply: Taken,
    isPastFence: boolean,
  ): void {
    const passed = new Set([...reply.duplicates.map((each) => each.index), ...reply.expired]);
    let [seq, ts] = [reply.firstSeq, reply.firstTs];
    for (const [index, id] of ids.entries())
      if (!passed.has(index)) {
        const place = placeOfEvent({ event: id, shardlet, seq: seq++ });
        this.setBacks.noteStored(place, host, { shardlet, epoch, ts: ts++, isPastFence });
      }
  }

  private note(host: DurableHost, method: HostMethod, args: readonly unknown[], reply: unknown): void {
    const shown = args.filter((arg) => typeof arg !== 'object' || method === 'ready');
    const about = typeof args[0] === 'number' ? [args[0]] : [];
    this.history.note(host.name, `${method} ${shown.map(briefly)} -> ${briefly(reply)}`, about);
  }
}

function eventIdOf(frame: Uint8Array): string {
  return /"id":"([^"]+)"/.exec(Buffer.from(framePayload(frame)).toString('latin1'))?.[1] ?? '?';
}

/** Bytes say nothing to a reader. */
const LEFT_OUT: ReadonlySet<string> = new Set(['frame', 'records', 'field']);

function briefly(value: unknown): string {
  const text = JSON.stringify(value, (key, each) => (LEFT_OUT.has(key) ? undefined : each)) ?? '';
  return text.length > REPLY_CHARS_MAX ? `${text.slice(0, REPLY_CHARS_MAX)}...` : text;
}
