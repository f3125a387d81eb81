/**
 * Reads for one member at a time what is new in its shardlets: several side by side, those first that were not read
 * for longest, within the limits of the poll. A host that hangs or is away holds up nobody else: what it answers late
 * is kept for the next poll.
 */
import type { TopologyMap } from '../topology/index.ts';
import { type Batch, cut, type Held, joined } from './batches.ts';
import { isFinished, setBack } from './lineage.ts';
import type { Checkpoint } from './model.ts';
import type { Found, RecordReader, Want } from './record-reader.ts';
import { LOOK_PAUSE_MS, type Seat } from './seat.ts';
import type { ServiceTime } from './waiting.ts';

export interface ReaderParts extends ServiceTime {
  readonly map: TopologyMap;
  readonly records: RecordReader;
}

export interface Round {
  readonly seat: Seat;
  readonly limit: number;
  /** what the member holds of a shardlet beyond its checkpoint */
  readonly after: ReadonlyMap<number, Held>;
  /** these are left out */
  readonly except?: ReadonlySet<number> | undefined;
  /** what comes late may be given out by a later look of the same poll */
  readonly mayWait: boolean;
  checkpoint(shardlet: number): Checkpoint | undefined;
  /** while it is the same, `lastSeq` is; undefined: nobody knows */
  stamp(): number | undefined;
  /** as far as it is known */
  lastSeq(shardlet: number): number | undefined;
}

export interface Reading {
  readonly batches: readonly Batch[];
  /** with `order: log`: hosts that do not answer, and hold back what the others have */
  readonly waitingFor?: readonly number[];
  /** when to look again although nothing was told */
  readonly againAtMs: number;
}

/** Reads of one poll at a time: a host answers them one after the other anyway. */
const READS_MAX = 16;
/** What one host call reads at most; an event may be as large as 1 MiB. */
const READ_BYTES_MAX = 4_000_000;
/** A read of less costs more for the call than for the records. */
const READ_BYTES_MIN = 64_000;
/** Of one poll; one event of any size is always given. */
const POLL_BYTES_MAX = 16_000_000;
/** Who has something to give out, or may wait for news instead, waits no longer for one that is slow. */
const WAVE_PATIENCE_MS = 100;
/** Who is to be answered at once, and has nothing yet. */
const EMPTY_PATIENCE_MS = 1_000;
/** A shardlet on its way between hosts is asked again, with a newer map, after so long. */
const STALE_PAUSE_MS = 50;

/** What is left of the limits, and what was found so far. */
class Page {
  readonly batches = new Map<number, Batch>();
  /** nothing more comes of these in this round */
  readonly over = new Set<number>();
  againAtMs = Number.POSITIVE_INFINITY;
  left: number;
  bytesLeft = POLL_BYTES_MAX;

  constructor(limit: number) {
    this.left = limit;
  }

  get isFull(): boolean {
    return this.left <= 0 || this.bytesLeft <= 0;
  }

  add(batch: Batch): void {
    const before = this.batches.get(batch.shardlet.id);
    this.batches.set(batch.shardlet.id, before === undefined ? batch : joined(before, batch));
    this.left -= batch.records.length;
    for (const { frame } of batch.records) this.bytesLeft -= frame.length;
  }

  again(atMs: number): void {
    this.againAtMs = Math.min(this.againAtMs, atMs);
  }
}

export class BatchReader {
  private readonly parts: ReaderParts;
  /** by seat: answers that came too late for their poll */
  private readonly late = new WeakMap<Seat, Map<number, Batch>>();

  constructor(parts: ReaderParts) {
    this.parts = parts;
  }

  async read(round: Round): Promise<Reading> {
    const { seat } = round;
    const page = new Page(round.limit);
    seat.lookAtAll(round);
    for (;;) {
      const wants = this.wants(round, page);
      if (wants.length === 0) break;
      await this.wave(round, page, wants);
    }
    return { batches: [...page.batches.values()], againAtMs: Math.min(page.againAtMs, seat.nextLookMs) };
  }

  /** Which reads are worth sending now, with their share of what is left. */
  private wants(round: Round, page: Page): Want[] {
    const wants: Want[] = [];
    const perHost = new Map<number, number | undefined>();
    for (let asked = 0, at = 0, all = round.seat.candidates(); at < all.length; at++) {
      if (page.isFull || wants.length >= READS_MAX || asked >= page.left) break;
      const place = this.placeOf(round, page, all[at]!);
      if (place === undefined) continue;
      const { owner } = place.shardlet;
      if (!perHost.has(owner)) perHost.set(owner, this.parts.records.lanes.restsUntilMs(owner));
      const isKept = this.late.get(round.seat)?.has(place.shardlet.id) === true;
      const restsUntilMs = isKept ? undefined : perHost.get(owner);
      if (restsUntilMs !== undefined) page.again(restsUntilMs);
      else {
        const events = shareOf(round, place, page.left);
        wants.push({ ...place, events: Math.min(events, page.left - asked) });
        asked += events;
      }
    }
    return wants;
  }

  /** Undefined: there is nothing to read of it now. */
  private placeOf(round: Round, page: Page, id: number): Omit<Want, 'events'> | undefined {
    const { seat, after, except } = round;
    const checkpoint = round.checkpoint(id);
    const shardlet = this.parts.map.shardlet(id);
    if (checkpoint === undefined || page.over.has(id) || except?.has(id)) return undefined;
    if (shardlet === undefined || checkpoint.revoking) return undefined;
    // as soon as somebody has judged the assignment by this map, it begins where nothing was lost
    if (setBack(checkpoint, shardlet) !== checkpoint) return undefined;
    const last = round.lastSeq(id);
    if (isFinished(shardlet, checkpoint) || (last !== undefined && last <= checkpoint.seq))
      return void seat.isDone(id);
    const held = after.get(id);
    const heldSeq = held?.assignment === checkpoint.assignment ? held.seq : 0;
    const seq = page.batches.get(id)?.through ?? Math.max(checkpoint.seq, heldSeq);
    if (isFinished(shardlet, { seq }) || (last !== undefined && last <= seq)) return undefined;
    const quietUntilMs = seat.quietUntilMs(id, seq);
    if (quietUntilMs === undefined) return { shardlet, checkpoint, seq };
    return void page.again(quietUntilMs);
  }

  private async wave(round: Round, page: Page, wants: readonly Want[]): Promise<void> {
    const bytes = Math.max(READ_BYTES_MIN, Math.floor(page.bytesLeft / wants.length));
    let isOver = false;
    const underWay = wants.map(async (want) => {
      const found = await this.find(round.seat, want, Math.min(bytes, READ_BYTES_MAX));
      if (isOver) this.keep(round.seat, want, found);
      else this.take(round, page, want, found);
    });
    const all = Promise.all(underWay).then(() => true);
    const mayGo = () => round.mayWait || page.batches.size > 0;
    const isWhole =
      (await this.within(all, WAVE_PATIENCE_MS)) ||
      (!mayGo() && (await this.within(all, EMPTY_PATIENCE_MS - WAVE_PATIENCE_MS)));
    isOver = true;
    // what is still under way is not asked for again in this round
    if (!isWhole) for (const { shardlet } of wants) page.over.add(shardlet.id);
  }

  /** Whether it came in time. */
  private async within(all: Promise<boolean>, ms: number): Promise<boolean> {
    let cancel = () => {};
    const timeout = new Promise<boolean>((resolve) => {
      cancel = this.parts.later(() => resolve(false), ms);
    });
    const isInTime = await Promise.race([all, timeout]);
    cancel();
    return isInTime;
  }

  private take(round: Round, page: Page, want: Want, found: Found): void {
    const { seat } = round;
    const { id } = want.shardlet;
    const isUntold = seat.endsReading(id);
    if (typeof found === 'object') {
      seat.gaveOut(id);
      if (found.records.length === 0 || page.left > 0) page.add(cut(found, page.left));
      if (!isUntold || found.through < this.parts.records.readEndOf(id)) return;
      // it was read to its end: only news is worth another read
      page.over.add(id);
      seat.foundNothing(id, found.through, LOOK_PAUSE_MS, false);
      return;
    }
    page.over.add(id);
    const pauseMs = found === 'stale' ? STALE_PAUSE_MS : LOOK_PAUSE_MS;
    page.again(this.parts.nowMs() + pauseMs);
    // a host that is away rests in its lane, and what there is news of is read again at once
    if (found === 'away' || !isUntold) return;
    seat.foundNothing(id, want.seq, pauseMs, found === 'nothing' && want.seq === want.checkpoint.seq);
  }

  /** For the next poll: a host that is always late would never get to give anything. */
  private keep(seat: Seat, want: Want, found: Found): void {
    seat.endsReading(want.shardlet.id);
    if (typeof found === 'object') {
      const kept = this.late.get(seat) ?? new Map<number, Batch>();
      this.late.set(seat, kept.set(want.shardlet.id, found));
    }
    seat.stir();
  }

  /** What came too late before, when it still fits. */
  private kept(seat: Seat, { shardlet, checkpoint, seq }: Want): Batch | undefined {
    const kept = this.late.get(seat);
    const batch = kept?.get(shardlet.id);
    kept?.delete(shardlet.id);
    if (batch === undefined || batch.assignment !== checkpoint.assignment) return undefined;
    const first = batch.records[0]?.seq ?? batch.through + 1;
    return first - batch.skipped === seq + 1 ? batch : undefined;
  }

  private async find(seat: Seat, want: Want, maxBytes: number): Promise<Found> {
    const kept = this.kept(seat, want);
    seat.startsReading(want.shardlet.id);
    if (kept !== undefined) return kept;
    return this.parts.records.find(want, maxBytes);
  }
}

/** As much as is known to be there; else what leaves something for the others. */
function shareOf(round: Round, { shardlet, seq }: Omit<Want, 'events'>, left: number): number {
  const last = round.lastSeq(shardlet.id);
  if (last !== undefined && last > seq) return last - seq;
  return Math.max(1, Math.ceil(left / READS_MAX));
}
