/**
 * I1, I2 and I3, from what clients were told and what is in the log in the end. The checks know nothing of
 * how the log came about: they see acknowledgements, records and the lineage of shardlets.
 */
import { type Violation, violation } from './violation.ts';

/** What a client was told about one event, in the order in which it was told. */
export interface Acknowledgement {
  readonly event: string;
  readonly client: string;
  readonly key: string;
  readonly content: string;
  readonly shardlet: number;
  /** undefined: a duplicate whose record was trimmed */
  readonly seq: number | undefined;
  /** of its record; undefined where that was not told */
  readonly ts: number | undefined;
  /** at which it was stored there; undefined where no host may lose it */
  readonly epoch: number | undefined;
  /** it was sent after the acknowledgement of every earlier event of this client and key */
  readonly atMicros: number;
}

export interface LogRecord {
  readonly event: string;
  readonly content: string;
  readonly shardlet: number;
  readonly seq: number;
  readonly ts: number;
  /** at which it was stored there; undefined where no host may lose it */
  readonly epoch?: number | undefined;
}

/** Records above `seq` that were stored at epochs below `epoch` may be gone. */
export interface Loss {
  readonly epoch: number;
  readonly seq: number;
}

export interface LogShardlet {
  readonly id: number;
  readonly parents: readonly number[];
  readonly firstSeq: number;
  readonly isGone: boolean;
  /** what the topology store has noted while a host had it that may lose acknowledged appends */
  readonly lost: readonly Loss[];
  /** its host lost it as a whole, and with it the ids of events that its parents hold elsewhere */
  readonly forgets: boolean;
  /** above it are records that were accepted as lost, and came back with a newer state that was put back */
  readonly revivedAbove?: number | undefined;
  /** epochs in which it began anew, empty, as its host had lost it as a whole, which the topology store named */
  readonly beganAnewAt?: readonly number[];
}

export interface FinalLog {
  readonly shardlets: ReadonlyMap<number, LogShardlet>;
  readonly records: readonly LogRecord[];
  /** places of events that a host lost in a way that nobody can notice (see placeOfEvent, atTime) */
  readonly unnoticed: ReadonlySet<string>;
}

export function placeOfEvent({ event, shardlet, seq }: Place): string {
  return `${event} ${shardlet}/${seq}`;
}

/** The same place of a record that was there before the one that has it now. */
export function atTime(place: string, ts: number): string {
  return `${place} at ${ts}`;
}

type Place = Pick<Acknowledgement, 'event' | 'shardlet' | 'seq'>;

/**
 * I1: what was acknowledged is there, as it was sent, unless its retention has ended or the topology store has noted
 * its loss.
 */
export function checkNothingLost(log: FinalLog, acknowledged: readonly Acknowledgement[]): Violation[] {
  const recordOf = recordsIn(log);
  const found: Violation[] = [];
  for (const ack of acknowledged) {
    const record = recordOf(ack);
    const about = { shardlets: [ack.shardlet], events: [ack.event] };
    if (record === undefined) {
      if (!mayBeMissing(log, ack))
        found.push(
          violation(
            'I1',
            `acknowledged ${ack.event} is not in the log (told: shardlet ${ack.shardlet} seq ${ack.seq})`,
            about,
          ),
        );
    } else if (record.content !== ack.content)
      found.push(violation('I1', `${ack.event} is in the log with another content`, about));
    else if (
      ack.seq !== undefined &&
      (record.shardlet !== ack.shardlet || record.seq !== ack.seq) &&
      !mayBeMissing(log, ack)
    )
      found.push(
        violation(
          'I1',
          `${ack.event} was acknowledged at shardlet ${ack.shardlet} seq ${ack.seq}, it is at ${record.shardlet} seq ${record.seq}`,
          about,
        ),
      );
  }
  return found;
}

/** The record at the place that was told, else any of this event: where ids were lost it may be there twice. */
function recordsIn({ records }: FinalLog): (answered: Place) => LogRecord | undefined {
  const byPlace = new Map(records.map((record) => [placeOfEvent(record), record]));
  const byEvent = new Map(records.map((record) => [record.event, record]));
  return (answered) => byPlace.get(placeOfEvent(answered)) ?? byEvent.get(answered.event);
}

interface Given {
  readonly epoch?: number | undefined;
  readonly knows?: number | undefined;
  readonly ts?: number | undefined;
}

/** Its host lost it in a way that nobody can notice. */
export function isUnnoticed({ unnoticed }: FinalLog, given: Place & Pick<Given, 'ts'>): boolean {
  const place = placeOfEvent(given);
  return unnoticed.has(place) || (given.ts !== undefined && unnoticed.has(atTime(place, given.ts)));
}

/**
 * Its retention has ended, or the topology store names its loss, or nobody could notice it.
 * `knows`: losses up to this version of the map were known when it was given out, so they excuse nothing.
 */
export function mayBeMissing(log: FinalLog, answered: Place & Given): boolean {
  const { shardlet, seq, epoch, knows = 0 } = answered;
  const home = log.shardlets.get(shardlet);
  if (home === undefined) return false;
  if (home.isGone || seq === undefined || seq < home.firstSeq) return true;
  if (isUnnoticed(log, answered)) return true;
  const names = (loss: Loss) => seq > loss.seq && epoch !== undefined && epoch < loss.epoch;
  return home.lost.some((loss) => loss.epoch > knows && names(loss));
}

/**
 * I2: no event twice, where its sender kept to the window (the simulated clients do) and no shardlet in between
 * has forgotten it. What was accepted as lost may have been sent again before it came back.
 */
export function checkNothingTwice({ shardlets, records }: FinalLog): Violation[] {
  const first = new Map<string, LogRecord>();
  const found: Violation[] = [];
  for (const record of records) {
    if (record.seq > (shardlets.get(record.shardlet)?.revivedAbove ?? Number.POSITIVE_INFINITY)) continue;
    const other = first.get(record.event);
    if (other === undefined) first.set(record.event, record);
    else if (!isExcused(shardlets, other, record) && !isExcused(shardlets, record, other))
      found.push(
        violation('I2', `${record.event} is in the log twice: ${placeOf(other)} and ${placeOf(record)}`, {
          shardlets: [other.shardlet, record.shardlet],
          events: [record.event],
        }),
      );
  }
  return found;
}

function isExcused(shardlets: FinalLog['shardlets'], earlier: LogRecord, later: LogRecord): boolean {
  return isForgotten(shardlets, earlier, later) || isCameBack(shardlets, earlier, later);
}

/** Its shardlet began anew without it, which was named; then it was sent again; then a state that holds it was put back. */
function isCameBack(shardlets: FinalLog['shardlets'], record: LogRecord, again: LogRecord): boolean {
  const [stored, storedAgain] = [record.epoch, again.epoch];
  if (stored === undefined || storedAgain === undefined) return false;
  const anew = shardlets.get(record.shardlet)?.beganAnewAt ?? [];
  return anew.some((epoch) => stored < epoch && epoch <= storedAgain);
}

/** From the later record up to the shardlet of the earlier one. */
function isForgotten(shardlets: FinalLog['shardlets'], earlier: LogRecord, later: LogRecord): boolean {
  const waiting = [later.shardlet];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (id === earlier.shardlet) continue;
    const at = shardlets.get(id);
    if (at?.forgets === true) return true;
    waiting.push(...(at?.parents ?? []));
  }
  return false;
}

/**
 * I3: what one client sent for one key, each event after the last one's acknowledgement, is in that order.
 * @param byLineage also parents before children, as a reader of the key goes (not for keys that are split)
 */
export function checkOrder(
  log: FinalLog,
  acknowledged: readonly Acknowledgement[],
  byLineage: boolean,
): Violation[] {
  const recordOf = recordsIn(log);
  const last = new Map<string, LogRecord>();
  const known = new Set<string>();
  const found: Violation[] = [];
  for (const ack of acknowledged) {
    const { event, client, key, shardlet, seq } = ack;
    const record = recordOf(ack);
    // told once more: it was sent again long after
    if (record === undefined || known.has(event)) continue;
    known.add(event);
    // its first record was lost, which the topology store has noted (see I1): this one was sent again later, perhaps
    // to the same seq
    if (record.shardlet !== shardlet || record.seq !== (seq ?? record.seq)) continue;
    if (record.ts !== (ack.ts ?? record.ts)) continue;
    const line = `${client} ${key}`;
    const before = last.get(line);
    last.set(line, record);
    if (before === undefined) continue;
    const inTime = before.ts < record.ts || (before.ts === record.ts && isBefore(before, record));
    const inLine = !byLineage || followsInLineage(log, before, record);
    if (inTime && inLine) continue;
    found.push(
      violation(
        'I3',
        `${event} was sent after ${before.event} was acknowledged, and is read before it: ${placeOf(before)}, ${placeOf(record)}`,
        {
          shardlets: [before.shardlet, record.shardlet],
          events: [before.event, event],
        },
      ),
    );
  }
  return found;
}

function isBefore(a: LogRecord, b: LogRecord): boolean {
  return a.shardlet < b.shardlet || (a.shardlet === b.shardlet && a.seq < b.seq);
}

function followsInLineage(log: FinalLog, before: LogRecord, after: LogRecord): boolean {
  if (before.shardlet === after.shardlet) return before.seq < after.seq;
  const waiting = [after.shardlet];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (id === before.shardlet) return true;
    waiting.push(...(log.shardlets.get(id)?.parents ?? []));
  }
  return false;
}

function placeOf({ shardlet, seq, ts }: LogRecord): string {
  return `shardlet ${shardlet} seq ${seq} ts ${ts}`;
}
