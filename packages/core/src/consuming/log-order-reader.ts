/**
 * Reads for a member of a group with `order: log`: the records of all its shardlets, merged by (ts, shardlet, seq) up to
 * the watermark, which is the least of what its shardlets cannot fall below any more. Hosts are asked for a promise only
 * while something waits for it. A host that does not answer holds the member back: that is the meaning of the order.
 *
 * A look goes: read what has news; give out in order until a shardlet is in the way that is read to its end, or not read far
 * enough; ask its host once, or read it; go on.
 */
import type { Shardlet, TopologyMap } from '../topology/index.ts';
import type { Reading, Round } from './batch-reader.ts';
import type { Batch } from './batches.ts';
import { finalSeqOf, isFinished, setBack } from './lineage.ts';
import { LogLane } from './log-lane.ts';
import type { HostPromises } from './reading-ports.ts';
import type { RecordReader } from './record-reader.ts';
import { LOOK_PAUSE_MS, type Seat } from './seat.ts';
import type { ServiceTime } from './waiting.ts';

export interface LogOrderParts extends ServiceTime {
  readonly map: TopologyMap;
  readonly records: RecordReader;
  readonly promises: HostPromises;
}

/** Reads of one look at a time. */
const READS_MAX = 16;
const READ_RECORDS_MIN = 16;
/** Of what is kept read for one member, shared among its shardlets; one event of any size is always read. */
const KEPT_BYTES_MAX = 16_000_000;
const READ_BYTES_MIN = 4_000;
const READ_BYTES_MAX = 4_000_000;
/** Of one answer; one event of any size is always given. */
const POLL_BYTES_MAX = 16_000_000;
/** As with the other order: who may wait for news waits no longer for a host that is slow. */
const PATIENCE_MS = 100;
const EMPTY_PATIENCE_MS = 1_000;
/** What is held back is looked at again after so long: a promise follows the clock of its host. */
const HELD_PAUSE_MS = 20;
/** The same where a host does not answer, or a shardlet is on its way to another one. */
const STUCK_PAUSE_MS = 250;

interface Look {
  readonly round: Round;
  readonly lanes: readonly LogLane[];
  readonly batches: MutableBatch[];
  /** hosts that were asked for a promise */
  readonly asked: Set<number>;
  /** hosts that gave no answer */
  readonly silent: Set<number>;
  /** shardlets that are on their way, or in doubt: nothing more is read of them in this look */
  readonly stuck: Set<number>;
  readonly untilMs: number;
  left: number;
  bytesLeft: number;
}

type MutableBatch = Omit<Batch, 'through'> & { records: Batch['records'][number][]; through: number };

export class LogOrderReader {
  private readonly parts: LogOrderParts;
  private readonly kept = new WeakMap<Seat, Map<number, LogLane>>();
  /** by seat: the newest look. One of before takes nothing more: both would share out the same records */
  private readonly looks = new WeakMap<Seat, Look>();

  constructor(parts: LogOrderParts) {
    this.parts = parts;
  }

  async read(round: Round): Promise<Reading> {
    const { nowMs } = this.parts;
    const { seat } = round;
    this.looks.delete(seat);
    const lanes = this.lanesOf(round);
    // a position is about to be set back, or the map does not know a shardlet yet: what is older may come
    if (lanes === undefined) return { batches: [], againAtMs: nowMs() + HELD_PAUSE_MS };
    const look: Look = {
      ...{ round, lanes, batches: [], left: round.limit, bytesLeft: POLL_BYTES_MAX },
      ...{ asked: new Set(), silent: new Set(), stuck: new Set() },
      untilMs: nowMs() + (round.mayWait ? PATIENCE_MS : EMPTY_PATIENCE_MS),
    };
    this.looks.set(seat, look);
    await this.settle(
      look,
      lanes.filter((lane) => lane.head === undefined && this.hasNews(look, lane)),
    );
    while (this.looks.get(seat) === look) {
      const inTheWay = this.giveOut(look);
      if (inTheWay.length === 0 || !(await this.clear(look, inTheWay))) break;
    }
    if (this.looks.get(seat) === look) this.giveOutSkipped(look);
    const isHeld = lanes.some(({ head }) => head !== undefined);
    const pauseMs = look.silent.size > 0 || look.stuck.size > 0 ? STUCK_PAUSE_MS : HELD_PAUSE_MS;
    const againAtMs = isHeld || look.stuck.size > 0 ? nowMs() + pauseMs : seat.nextLookMs;
    return { batches: look.batches, againAtMs, waitingFor: isHeld ? [...look.silent] : [] };
  }

  /** Undefined: not all of them can be read, so nothing may be given out. */
  private lanesOf(round: Round): LogLane[] | undefined {
    const { seat, after } = round;
    const before = this.kept.get(seat);
    const kept = new Map<number, LogLane>();
    this.kept.set(seat, kept);
    let isWhole = true;
    seat.lookAtAll(round);
    for (const id of seat.assigned) {
      const checkpoint = round.checkpoint(id);
      const shardlet = this.parts.map.shardlet(id);
      if (checkpoint === undefined || checkpoint.revoking) continue;
      if (shardlet === undefined || setBack(checkpoint, shardlet) !== checkpoint) {
        isWhole = false;
        continue;
      }
      const held = after.get(id);
      const heldSeq = held?.assignment === checkpoint.assignment ? held.seq : 0;
      const seq = Math.max(checkpoint.seq, heldSeq);
      const lane = before?.get(id) ?? new LogLane(shardlet, checkpoint, seq);
      lane.goOn(shardlet, checkpoint, seq);
      kept.set(id, lane);
    }
    return isWhole ? [...kept.values()] : undefined;
  }

  private hasNews({ round }: Look, lane: LogLane): boolean {
    const { id } = lane.shardlet;
    if (lane.isAtFinalSeq || isFinished(lane.shardlet, lane.checkpoint)) return false;
    const last = round.lastSeq(id);
    if (last !== undefined) return last > lane.reached;
    return round.seat.quietUntilMs(id, lane.reached) === undefined;
  }

  /** In order, as far as the watermark and the limits go. Answers who is in the way; nobody: it is over. */
  private giveOut(look: Look): readonly LogLane[] {
    const { lanes } = look;
    const { tables } = this.parts.promises;
    const ready = lanes.filter(({ head }) => head !== undefined).sort(byHead);
    let empty = lanes.filter(({ head }) => head === undefined);
    let watermark = Math.min(...empty.map((lane) => lane.bound(tables)));
    while (look.left > 0 && look.bytesLeft > 0) {
      const first = ready[0];
      if (first === undefined) return [];
      const { ts } = first.head!;
      if (ts > watermark) return empty.filter((lane) => lane.bound(tables) < ts);
      this.give(look, first);
      ready.shift();
      if (first.head === undefined) {
        empty = [...empty, first];
        watermark = Math.min(watermark, first.bound(tables));
      } else insert(ready, first);
    }
    return [];
  }

  private give(look: Look, lane: LogLane): void {
    const { shardlet, checkpoint, epoch, given } = lane;
    const record = lane.shift();
    const skipped = record.seq - given - 1;
    look.left--;
    look.bytesLeft -= record.frame.length;
    const last = look.batches.at(-1);
    if (last?.shardlet.id === shardlet.id && skipped === 0) {
      last.records.push(record);
      last.through = record.seq;
      return;
    }
    const { assignment } = checkpoint;
    look.batches.push({
      ...{ shardlet, assignment, epoch, skipped },
      records: [record],
      through: record.seq,
    });
  }

  /** Retention took what was before, and nothing of it is left to be waited for. */
  private giveOutSkipped(look: Look): void {
    for (const lane of look.lanes) {
      const { shardlet, checkpoint, epoch, given, reached, head } = lane;
      if (head !== undefined || reached <= given) continue;
      const skipped = reached - given;
      const { assignment } = checkpoint;
      lane.given = reached;
      look.batches.push({ ...{ shardlet, assignment, epoch, skipped }, records: [], through: reached });
    }
  }

  /** Reads those of which there may be more, and asks the hosts of the others. `false`: nothing came of it. */
  private async clear(look: Look, inTheWay: readonly LogLane[]): Promise<boolean> {
    const { tables } = this.parts.promises;
    // its children come when it is committed
    if (inTheWay.some((lane) => lane.isAtFinalSeq || look.stuck.has(lane.shardlet.id))) return false;
    const unread = inTheWay.filter(
      (lane) => lane.hasMore(tables) || !this.isReadToEnd(lane.shardlet, lane.reached),
    );
    const toAsk = new Set(inTheWay.filter((lane) => !unread.includes(lane)).map((l) => l.shardlet.owner));
    for (const host of toAsk) if (look.asked.has(host)) return false;
    const before = unread.map(({ reached }) => reached);
    const isWhole = await this.all(look, [
      ...this.reads(look, unread),
      ...[...toAsk].map((host) => this.ask(look, host)),
    ]);
    return isWhole && unread.every((lane, i) => lane.reached > before[i]!);
  }

  private isReadToEnd(shardlet: Shardlet, reached: number): boolean {
    return reached >= (finalSeqOf(shardlet) ?? this.parts.records.readEndOf(shardlet.id));
  }

  private async settle(look: Look, lanes: readonly LogLane[]): Promise<void> {
    await this.all(look, this.reads(look, lanes));
  }

  private async ask(look: Look, host: number): Promise<void> {
    look.asked.add(host);
    look.silent.add(host);
    if (await this.parts.promises.ask(host, true)) look.silent.delete(host);
  }

  private reads(look: Look, lanes: readonly LogLane[]): Promise<void>[] {
    const left = lanes.values();
    const line = async (): Promise<void> => {
      for (const lane of left) await this.readOne(look, lane, lanes.length);
    };
    return Array.from({ length: Math.min(READS_MAX, lanes.length) }, line);
  }

  private async readOne(look: Look, lane: LogLane, beside: number): Promise<void> {
    const { shardlet, checkpoint, reached: seq, run } = lane;
    const { id, owner } = shardlet;
    const { records } = this.parts;
    look.silent.add(owner);
    if (lane.isReading || records.lanes.restsUntilMs(owner) !== undefined) return void look.stuck.add(id);
    lane.isReading = true;
    const { seat, limit } = look.round;
    seat.startsReading(id);
    const events = Math.max(READ_RECORDS_MIN, Math.ceil(limit / beside));
    const share = Math.floor(KEPT_BYTES_MAX / look.lanes.length);
    const bytes = Math.max(READ_BYTES_MIN, Math.min(READ_BYTES_MAX, share));
    const found = await records.find({ shardlet, checkpoint, seq, events }, bytes).finally(() => {
      if (lane.run === run) lane.isReading = false;
    });
    const isUntold = seat.endsReading(id);
    if (found !== 'away') look.silent.delete(owner);
    if (found === 'stale' || found === 'away') look.stuck.add(id);
    // it was dropped meanwhile, and is read anew
    if (lane.run !== run) return;
    if (typeof found === 'object') lane.take(found);
    if (found === 'nothing' && isUntold) seat.foundNothing(id, seq, LOOK_PAUSE_MS, false);
    if (this.parts.nowMs() >= look.untilMs) seat.stir();
  }

  /** `false`: some are still under way; what they bring is there for the next look. */
  private async all(look: Look, underWay: readonly Promise<void>[]): Promise<boolean> {
    if (underWay.length === 0) return true;
    let cancel = () => {};
    const timeout = new Promise<boolean>((resolve) => {
      const leftMs = look.untilMs - this.parts.nowMs();
      cancel = this.parts.later(() => resolve(false), Math.max(0, leftMs));
    });
    const isInTime = await Promise.race([Promise.all(underWay).then(() => true), timeout]);
    cancel();
    return isInTime;
  }
}

function byHead(a: LogLane, b: LogLane): number {
  return a.head!.ts - b.head!.ts || a.shardlet.id - b.shardlet.id;
}

/** Into what is in order. */
function insert(lanes: LogLane[], lane: LogLane): void {
  let [low, high] = [0, lanes.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (byHead(lanes[middle]!, lane) < 0) low = middle + 1;
    else high = middle;
  }
  lanes.splice(low, 0, lane);
}
