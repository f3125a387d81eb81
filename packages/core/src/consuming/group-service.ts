/**
 * Consumer groups as edges and workers serve them: a member polls, which is also its sign of life, gets
 * events of the shardlets it has, and commits. A poll begins at the checkpoint, or after what the member
 * says it holds, so a reply that is lost costs nothing but a repetition. A poll that finds nothing waits for
 * news, and costs a sign of life a second meanwhile.
 */
import type { DueRecords, DueVerdict } from '../checkpointing/index.ts';
import { type EventHost, HostUnreachable } from '../hosts/index.ts';
import type { Shardlet, TopologyMap } from '../topology/index.ts';
import { BatchReader, type Reading } from './batch-reader.ts';
import type { Batch, Held } from './batches.ts';
import type { Commit, CommitResult } from './commit.ts';
import { isStreamDeleted } from './deleted-stream.ts';
import { DueCheckpoints } from './due-checkpoints.ts';
import type { Committed, Creation, GroupStore } from './group-store.ts';
import type { ShardletEnd } from './group-sums.ts';
import type { GroupView } from './group-view.ts';
import { GroupViews } from './group-views.ts';
import { finalSeqOf } from './lineage.ts';
import { LogOrderReader } from './log-order-reader.ts';
import { type Caller, isRefused, type Refused } from './membership.ts';
import { type Checkpoint, EMPTY_GROUP, type Group, type GroupState, type Order } from './model.ts';
import { wrongPosition } from './position-check.ts';
import type { HostPromises, ShardletHeads, ShardletReads } from './reading-ports.ts';
import { RecordReader } from './record-reader.ts';
import type { Seat } from './seat.ts';
import type { ServiceTime } from './waiting.ts';

export interface ServiceParts extends ServiceTime {
  readonly store: GroupStore;
  readonly map: TopologyMap;
  /** Catches the map up with the topology store. */
  refresh(): Promise<unknown>;
  /** @throws HostUnreachable */
  host(id: number): Promise<EventHost>;
  readonly heads: ShardletHeads;
  readonly reads: ShardletReads;
  /** for groups with `order: log` */
  readonly promises: HostPromises;
  /** for groups that keep state; left out: nothing is ever due here */
  readonly due?: Pick<DueRecords, 'recent'>;
}

export interface PollRequest extends Caller {
  readonly limit: number;
  /** what the member holds of a shardlet beyond its checkpoint */
  readonly after: ReadonlyMap<number, Held>;
  /** of the group, as the member was told it: it gets nothing of an older one */
  readonly version?: number | undefined;
  /** of these nothing is wanted now */
  readonly except?: ReadonlySet<number>;
  /** how long to wait for events where there are none; 0 when left out */
  readonly waitMs?: number;
  /** ends the wait */
  readonly signal?: AbortSignal;
  /** asked at least once a second: whether the wait may go on */
  readonly goesOn?: () => boolean;
}

export interface AssignedShardlet extends Checkpoint {
  /** where the group keeps state: the shardlet is closed, and ends here */
  readonly finalSeq?: number;
}

export interface Poll {
  readonly version: number;
  readonly stream: number;
  readonly assigned: readonly AssignedShardlet[];
  /** where the group keeps state: of these shardlets of the member */
  readonly due: readonly DueVerdict[];
  /** with `order: log` runs in this order, of which several may be of one shardlet */
  readonly batches: readonly Batch[];
  readonly order: Order;
  /** with `order: log`: hosts that do not answer, and hold back what the others have */
  readonly waitingFor: readonly number[];
}

export interface GroupLags {
  /** one a checkpoint */
  readonly lags: readonly (number | undefined)[];
  /** of all shardlets without a checkpoint; undefined where a host does not answer */
  readonly untouched: number | undefined;
}

/** The records that a host keeps of a shardlet. */
interface Span {
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** by shardlet */
type Spans = ReadonlyMap<number, Span>;

interface Followed {
  readonly end: () => void;
  readonly sinceMs: number;
  lastMs: number;
}

/** Hosts are asked side by side where a group begins now, and where one is shown. */
const QUESTIONS_MAX = 16;

const UNKNOWN: Refused = { refused: 'unknown' };
/** Somebody who polls again and again is followed in between. */
const FOLLOW_MS = 3_000;
/** What is known of a stream that nobody followed may be old: it is believed when hosts were asked since. */
const BELIEVED_AFTER_MS = 250;

export class GroupService {
  private readonly parts: ServiceParts;
  private readonly views: GroupViews;
  private readonly records: RecordReader;
  private readonly reader: BatchReader;
  private readonly logReader: LogOrderReader;
  private readonly due: DueCheckpoints;
  /** by stream: ends the watch for its news */
  private readonly followed = new Map<number, Followed>();

  constructor(parts: ServiceParts) {
    this.parts = parts;
    this.views = new GroupViews(parts);
    this.due = new DueCheckpoints(parts.due, parts.nowMs);
    this.records = new RecordReader(parts);
    this.reader = new BatchReader({ ...parts, records: this.records });
    this.logReader = new LogOrderReader({ ...parts, records: this.records });
  }

  /** Begins at the oldest events, or with those after this call. */
  async create(group: Group, from: 'oldest' | 'now'): Promise<Creation> {
    await this.parts.refresh();
    // what is in a state is known only if it is known where the state begins
    const isPlain = from === 'oldest' && group.checkpointing === undefined;
    const state = isPlain ? EMPTY_GROUP : await this.stateFrom(from, group.stream);
    return this.parts.store.create(group, state);
  }

  async poll(name: string, request: PollRequest): Promise<Poll | Refused> {
    const { nowMs } = this.parts;
    const untilMs = nowMs() + (request.waitMs ?? 0);
    const arrival = { ...request, version: request.version };
    for (let isFirst = true; ; isFirst = false) {
      const seated = await this.views.seated(name, arrival, isFirst);
      if (isRefused(seated)) return seated;
      const { view, seat } = seated;
      this.follow(view.group.stream);
      seat.isStirred = false;
      const turn = view.turn;
      const reading = await this.read(view, seat, request, untilMs > nowMs());
      const isOver = reading.batches.length > 0 || nowMs() >= untilMs || request.signal?.aborted === true;
      if (isOver || request.goesOn?.() === false) return this.pollOf(view, seat, reading);
      if (seat.isStirred || turn !== view.turn) continue;
      const wakeAtMs = Math.min(untilMs, reading.againAtMs, this.views.dueAtMs(view, seat));
      const endWait = this.views.waits(seated, request);
      await seat.bell.wait(wakeAtMs - nowMs(), request.signal);
      endWait();
    }
  }

  /** Whatever the member has is free at once. */
  leave(name: string, caller: Caller): Promise<Refused | undefined> {
    return this.views.leave(name, caller);
  }

  async commit(name: string, request: Commit & Caller): Promise<readonly CommitResult[] | Refused> {
    const view = await this.views.find(name);
    if (view === undefined) return UNKNOWN;
    if (await isStreamDeleted(this.parts, view.group)) return { refused: 'deleted' };
    const wrong = await wrongPosition(this.checks, view, request.positions);
    if (wrong !== undefined) return { refused: 'position', ...wrong };
    const sentAtMs = this.parts.nowMs();
    const reply = await this.parts.store.commit(name, request);
    if (reply === undefined) return UNKNOWN;
    if (reply.kind === 'foreign') return { refused: 'foreign' };
    note(view, request, reply);
    const seat = view.seats.get(request.member);
    if (seat !== undefined && !view.isOld && reply.commits > 0) seat.committedAtMs = sentAtMs;
    return reply.results;
  }

  /**
   * Of each checkpoint, events that are stored and not processed; undefined where the host does not answer. Below 0:
   * the checkpoint is beyond the end of what the host holds, which has lost something or is behind. One question a
   * host, as long as its answer tells of every shardlet.
   */
  async lags(checkpoints: readonly Checkpoint[]): Promise<(number | undefined)[]> {
    return this.lagsAt(checkpoints, await this.spansOf(this.openOf(checkpoints)));
  }

  /** The same, and what is stored in shardlets of the stream that have no checkpoint: nobody has had them yet. */
  async lagsOf({ stream }: Pick<Group, 'stream'>, checkpoints: readonly Checkpoint[]): Promise<GroupLags> {
    const known = new Set(checkpoints.map(({ shardlet }) => shardlet));
    const rest = [...this.parts.map.shardlets(stream)].filter((s) => !known.has(s.id) && isKept(s));
    const spans = await this.spansOf([...this.openOf(checkpoints), ...rest]);
    const untouched = rest.map(({ id }) => spans.get(id)).map((span) => span && eventsIn(span));
    return { lags: this.lagsAt(checkpoints, spans), untouched: sumOf(untouched) };
  }

  /** Where each shardlet of these streams starts and ends, as far as hosts tell. Each is asked once, however many groups wait for it. */
  async ends(streams: Iterable<number>): Promise<ShardletEnd[]> {
    const all = [...streams].flatMap((stream) => [...this.parts.map.shardlets(stream)]);
    const spans = await this.spansOf(all.filter(isKept));
    return all.map((shardlet) => {
      const { id, stream } = shardlet;
      const finalSeq = finalSeqOf(shardlet);
      const span = spans.get(id);
      const [isClosed, lastSeq] = [finalSeq !== undefined, finalSeq ?? span?.lastSeq];
      const firstSeq = isKept(shardlet) ? span?.firstSeq : finalSeq! + 1;
      return { shardlet: id, stream, isClosed, firstSeq, lastSeq };
    });
  }

  private openOf(checkpoints: readonly Checkpoint[]): Shardlet[] {
    return checkpoints.flatMap(({ shardlet: id }) => {
      const shardlet = this.parts.map.shardlet(id);
      return shardlet !== undefined && finalSeqOf(shardlet) === undefined ? [shardlet] : [];
    });
  }

  private lagsAt(checkpoints: readonly Checkpoint[], spans: Spans): (number | undefined)[] {
    return checkpoints.map(({ shardlet: id, seq }) => {
      const shardlet = this.parts.map.shardlet(id);
      if (shardlet === undefined) return 0;
      const finalSeq = finalSeqOf(shardlet);
      if (finalSeq !== undefined) return Math.max(0, finalSeq - seq);
      const span = spans.get(id);
      return span === undefined ? undefined : span.lastSeq - seq;
    });
  }

  /** What is left out: its host does not answer. */
  private async spansOf(shardlets: readonly Shardlet[]): Promise<Spans> {
    const owners = [...new Set(shardlets.map(({ owner }) => owner))];
    const named = new Map<number, Spans>();
    await sideBySide(owners, async (owner) => {
      const all = await this.spansOn(owner).catch(ifUnreachable);
      if (all !== undefined) named.set(owner, all);
    });
    const spans = new Map<number, Span>();
    await sideBySide(shardlets, async (shardlet) => {
      const ofHost = named.get(shardlet.owner);
      if (ofHost === undefined) return;
      const span = ofHost.get(shardlet.id) ?? (await this.spanOf(shardlet).catch(ifUnreachable));
      if (span !== undefined) spans.set(shardlet.id, span);
    });
    return spans;
  }

  private async pollOf(view: GroupView, seat: Seat, { batches, waitingFor = [] }: Reading): Promise<Poll> {
    const { version, group } = view;
    const keepsState = group.checkpointing !== undefined;
    const due = keepsState ? await this.due.of(group.name, seat.assigned) : [];
    const { map } = this.parts;
    return {
      ...{ version, stream: group.stream, batches, waitingFor, due, order: group.order ?? 'key' },
      get assigned() {
        const known = seat.assigned.flatMap((shardlet) => view.checkpoint(shardlet) ?? []);
        return keepsState ? known.map((c) => withEnd(c, map)) : known;
      },
    };
  }

  private read(view: GroupView, seat: Seat, { limit, after, except }: PollRequest, mayWait: boolean) {
    const { nowMs, heads } = this.parts;
    const { stream, order } = view.group;
    const sinceMs = this.followed.get(stream)?.sinceMs ?? Number.POSITIVE_INFINITY;
    const isBelieved = nowMs() - sinceMs >= BELIEVED_AFTER_MS;
    const reader = order === 'log' ? this.logReader : this.reader;
    return reader.read({
      ...{ seat, limit, after, except, mayWait },
      checkpoint: (shardlet) => view.checkpoint(shardlet),
      stamp: () => (isBelieved ? heads.stamp(stream) : undefined),
      lastSeq: (shardlet) => (isBelieved ? heads.lastSeq(shardlet) : undefined),
    });
  }

  private follow(stream: number): void {
    const { heads, later, nowMs } = this.parts;
    const known = this.followed.get(stream);
    if (known !== undefined) known.lastMs = nowMs();
    if (known !== undefined) return;
    const followed = { end: heads.follow(stream), sinceMs: nowMs(), lastMs: nowMs() };
    this.followed.set(stream, followed);
    const endLater = (inMs: number): void => {
      later(() => {
        const leftMs = followed.lastMs + FOLLOW_MS - nowMs();
        if (leftMs > 0) return endLater(leftMs);
        this.followed.delete(stream);
        followed.end();
      }, inMs);
    };
    endLater(FOLLOW_MS);
  }

  private get checks() {
    const { map } = this.parts;
    return {
      map,
      refresh: () => this.parts.refresh(),
      knownEnd: (shardlet: number) => this.records.endOf(shardlet),
      lastSeq: (shardlet: number) => this.lastSeq(map.shardlet(shardlet)!),
    };
  }

  private async stateFrom(from: 'oldest' | 'now', stream: number): Promise<GroupState> {
    const checkpoints = new Map<number, Checkpoint>();
    await sideBySide(this.parts.map.shardlets(stream), async (shardlet) => {
      const { id, epoch } = shardlet;
      const last = () => finalSeqOf(shardlet) ?? this.lastSeq(shardlet);
      const seq = from === 'now' ? await last() : (await this.firstSeq(shardlet)) - 1;
      const nobody = { assignment: 0, member: undefined, revoking: false, skipped: 0 };
      checkpoints.set(id, { shardlet: id, seq, epoch, ...nobody });
    });
    return { ...EMPTY_GROUP, checkpoints };
  }

  /** Of all that the host has, not only of what is new: a host that went back may not name what it lost. */
  private async spansOn(hostId: number): Promise<Spans> {
    const { changed } = await (await this.parts.host(hostId)).news(0);
    const logs = changed.filter(({ mode }) => mode !== 'dropped' && mode !== 'shadow');
    return new Map(logs.map((replica) => [replica.shardlet, replica]));
  }

  private async firstSeq(shardlet: Shardlet): Promise<number> {
    return isKept(shardlet) ? (await this.spanOf(shardlet)).firstSeq : finalSeqOf(shardlet)! + 1;
  }

  private async lastSeq(shardlet: Shardlet): Promise<number> {
    return (await this.spanOf(shardlet)).lastSeq;
  }

  private async spanOf({ id, owner }: Shardlet): Promise<Span> {
    const details = await (await this.parts.host(owner)).describe(id);
    return 'lastSeq' in details ? details : { firstSeq: 1, lastSeq: 0 };
  }
}

/** Nothing of one that is gone is left. */
function isKept({ state }: Shardlet): boolean {
  return state.kind !== 'gone';
}

function eventsIn({ firstSeq, lastSeq }: Span): number {
  return Math.max(0, lastSeq - firstSeq + 1);
}

/** Undefined as soon as one is not known. */
function sumOf(all: readonly (number | undefined)[]): number | undefined {
  return all.reduce<number | undefined>(
    (sum, one) => (sum === undefined || one === undefined ? undefined : sum + one),
    0,
  );
}

/** Each of them, by some at a time. */
async function sideBySide<T>(all: Iterable<T>, visit: (one: T) => Promise<void>): Promise<void> {
  const left = all[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (let next = left.next(); next.done !== true; next = left.next()) await visit(next.value);
  };
  await Promise.all(Array.from({ length: QUESTIONS_MAX }, lane));
}

/** What was committed is known here at once; what was refused shows that something else is not. */
function note(view: GroupView, { member, positions }: Commit, reply: Extract<Committed, { kind: 'done' }>) {
  if (reply.born !== view.born || reply.version > view.version) view.isOld = true;
  const count = view.commitsOf(member);
  reply.results.forEach(({ kind }, i) => {
    if (kind === 'committed') view.move(positions[i]!);
    else count.doubt();
  });
  count.note(reply.commits);
}

function withEnd(c: Checkpoint, map: TopologyMap): AssignedShardlet {
  const shardlet = map.shardlet(c.shardlet);
  const finalSeq = shardlet && finalSeqOf(shardlet);
  return finalSeq === undefined ? c : { ...c, finalSeq };
}

function ifUnreachable(error: unknown): undefined {
  if (!(error instanceof HostUnreachable)) throw error;
}
