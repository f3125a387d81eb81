/**
 * Consumer groups as edges and workers serve them: a member polls, which is also its sign of life, gets
 * events of the shardlets it has, and commits. A poll begins at the checkpoint, or after what the member
 * says it holds, so a reply that is lost costs nothing but a repetition.
 */
import { type EventHost, HostUnreachable, type StoredRecord } from '../hosts/index.ts';
import type { Shardlet, TopologyMap } from '../topology/index.ts';
import { attend } from './attend.ts';
import { type Commit, type CommitResult, commit } from './commit.ts';
import type { Creation, GroupStore } from './group-store.ts';
import { finalSeqOf, isFinished } from './lineage.ts';
import { type Caller, isForeign, isRefused, type Refused, refusalOf } from './membership.ts';
import { type Checkpoint, EMPTY_GROUP, type Group, type GroupState } from './model.ts';

export interface ServiceParts {
  readonly store: GroupStore;
  readonly map: TopologyMap;
  /** Catches the map up with the topology store. */
  refresh(): Promise<unknown>;
  /** @throws HostUnreachable */
  host(id: number): Promise<EventHost>;
}

export interface PollRequest extends Caller {
  readonly limit: number;
  /** what the member holds of a shardlet beyond its checkpoint */
  readonly after: ReadonlyMap<number, Held>;
}

/** Up to `seq`, given to the member in this assignment; in another one the shardlet begins at its checkpoint. */
export interface Held {
  readonly seq: number;
  readonly assignment: number;
}

export interface Batch {
  readonly shardlet: Shardlet;
  readonly assignment: number;
  /** of the replica that was read: to be handed back with the commit */
  readonly epoch: number;
  /** none when everything up to `through` is past its retention */
  readonly records: readonly StoredRecord[];
  /** what to commit when all of it is processed */
  readonly through: number;
  /** events before the first record that are past their retention and were never given to the group */
  readonly skipped: number;
}

export interface Poll {
  readonly version: number;
  readonly assigned: readonly Checkpoint[];
  readonly batches: readonly Batch[];
}

/** What one host call reads at most; an event may be as large as 1 MiB. */
const READ_BYTES_MAX = 4_000_000;

const UNKNOWN: Refused = { refused: 'unknown' };

/**
 * Each that hangs takes its time limit (5 s) of a poll whose client waits; the round ends then, and the next
 * one begins at another shardlet.
 */
const AWAY_HOSTS_MAX = 2;

export class GroupService {
  private readonly parts: ServiceParts;
  /** where the next poll of a member begins, so that no shardlet starves behind a busy one */
  private turn = 0;

  constructor(parts: ServiceParts) {
    this.parts = parts;
  }

  /** Begins at the oldest events, or with those after this call. */
  async create(group: Group, from: 'oldest' | 'now'): Promise<Creation> {
    await this.parts.refresh();
    const state = from === 'now' ? await this.stateOfNow(group.stream) : EMPTY_GROUP;
    return this.parts.store.create(group, state);
  }

  async poll(name: string, request: PollRequest): Promise<Poll | Refused> {
    const { member, after } = request;
    const attended = await this.attended(name, request, new Set(after.keys()));
    if (isRefused(attended)) return attended;
    const assigned = [...attended.checkpoints.values()]
      .filter((c) => c.member === member)
      .sort((a, b) => a.shardlet - b.shardlet);
    const batches = await this.read(assigned, request);
    return { version: attended.version, assigned, batches };
  }

  /** Whatever the member has is free at once. */
  async leave(name: string, caller: Caller): Promise<Refused | undefined> {
    const attended = await this.attended(name, caller, new Set(), true);
    // nobody who ends is one too many
    return isRefused(attended) && attended.refused !== 'full' ? attended : undefined;
  }

  async commit(name: string, request: Commit & Caller): Promise<readonly CommitResult[] | Refused> {
    const reply = await this.parts.store.change<readonly CommitResult[] | Refused>(
      name,
      (_group, state, nowMs) => {
        if (isForeign(state.members, request)) return { state, result: { refused: 'foreign' } };
        const { state: committed, results } = commit(state, request);
        const members = committed.members.map((m) =>
          m.id === request.member ? { ...m, seenAtMs: nowMs } : m,
        );
        return { state: { ...committed, members }, result: results };
      },
    );
    return reply ?? UNKNOWN;
  }

  /**
   * Events that are stored and not processed; undefined where the host does not answer. Below 0: the checkpoint
   * is beyond the end of what the host holds, which has lost something or is behind.
   */
  async lag(checkpoint: Checkpoint): Promise<number | undefined> {
    const shardlet = this.parts.map.shardlet(checkpoint.shardlet);
    if (shardlet === undefined) return 0;
    const finalSeq = finalSeqOf(shardlet);
    if (finalSeq !== undefined) return Math.max(0, finalSeq - checkpoint.seq);
    const lastSeq = await this.lastSeq(shardlet).catch(ifUnreachable);
    return lastSeq === undefined ? undefined : lastSeq - checkpoint.seq;
  }

  private async attended(
    name: string,
    caller: Caller,
    busy: ReadonlySet<number>,
    leaving = false,
  ): Promise<GroupState | Refused> {
    const { member, subject } = caller;
    const reply = await this.parts.store.change<GroupState | Refused>(name, (group, before, nowMs) => {
      const refused = refusalOf(group, before, caller, nowMs);
      if (refused !== undefined) return { state: before, result: refused };
      const state = attend(group, before, this.parts.map, { member, subject, nowMs, busy, leaving });
      return { state, result: state };
    });
    return reply ?? UNKNOWN;
  }

  private async stateOfNow(stream: number): Promise<GroupState> {
    const checkpoints = new Map<number, Checkpoint>();
    for (const shardlet of this.parts.map.shardlets(stream)) {
      const seq = finalSeqOf(shardlet) ?? (await this.lastSeq(shardlet));
      const { id, epoch } = shardlet;
      const nobody = { assignment: 0, member: undefined, revoking: false, skipped: 0 };
      checkpoints.set(id, { shardlet: id, seq, epoch, ...nobody });
    }
    return { ...EMPTY_GROUP, checkpoints };
  }

  private async lastSeq({ id, owner }: Shardlet): Promise<number> {
    const details = await (await this.parts.host(owner)).describe(id);
    return 'lastSeq' in details ? details.lastSeq : 0;
  }

  private async read(assigned: readonly Checkpoint[], { limit, after }: PollRequest): Promise<Batch[]> {
    const batches: Batch[] = [];
    let left = limit;
    const awayHosts = new Set<number>();
    const first = assigned.length === 0 ? 0 : this.turn++ % assigned.length;
    for (const c of [...assigned.slice(first), ...assigned.slice(0, first)]) {
      if (left <= 0 || awayHosts.size >= AWAY_HOSTS_MAX) break;
      const owner = this.parts.map.shardlet(c.shardlet)?.owner;
      // one that hangs takes its time limit for each question
      if (c.revoking || (owner !== undefined && awayHosts.has(owner))) continue;
      const held = after.get(c.shardlet);
      const heldSeq = held?.assignment === c.assignment ? held.seq : 0;
      const batch = await this.batchOf(c, heldSeq, left).catch((error: unknown) => {
        if (owner !== undefined) awayHosts.add(owner);
        return ifUnreachable(error);
      });
      if (batch === undefined) continue;
      batches.push(batch);
      left -= batch.records.length;
    }
    return batches;
  }

  private async batchOf(c: Checkpoint, after: number, limit: number): Promise<Batch | undefined> {
    const shardlet = this.parts.map.shardlet(c.shardlet);
    if (shardlet === undefined || isFinished(shardlet, { seq: Math.max(c.seq, after) })) return undefined;
    const host = await this.parts.host(shardlet.owner);
    const options = { maxRecords: limit, maxBytes: READ_BYTES_MAX };
    const wanted = Math.max(c.seq, after) + 1;
    for (let from = wanted; ; ) {
      // an older copy is a correct prefix, but one of before a loss is not
      const reply = await host.read(c.shardlet, from, c.epoch, options);
      if (reply.kind === 'stale') return void (await this.parts.refresh());
      if (reply.kind === 'gone') from = reply.firstSeq;
      else {
        const { epoch, records } = reply;
        const through = records.at(-1)?.seq ?? from - 1;
        if (through < wanted) return undefined;
        return { shardlet, assignment: c.assignment, epoch, records, through, skipped: from - wanted };
      }
    }
  }
}

function ifUnreachable(error: unknown): undefined {
  if (!(error instanceof HostUnreachable)) throw error;
}
