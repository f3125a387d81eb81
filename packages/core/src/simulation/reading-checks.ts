/** I6, from what a merged reader was given, page after page. */
import { type FinalLog, isUnnoticed, mayBeMissing } from './log-checks.ts';
import { type Violation, violation } from './violation.ts';

export interface Emitted {
  readonly event: string;
  readonly shardlet: number;
  readonly seq: number;
  readonly ts: number;
  /** the reader was notified of a loss since the record before: it may be given some again */
  readonly isAfterLoss?: boolean;
  /** at which it was stored there; undefined where no host may lose it */
  readonly epoch?: number | undefined;
  /** the reader had been told of all losses up to this version of the map */
  readonly knows?: number | undefined;
}

/** Records come in (ts, shardlet, seq) order, but for where a loss has set the reader back. */
export function checkEmissionOrder(reader: string, emitted: readonly Emitted[]): Violation[] {
  const found: Violation[] = [];
  for (let i = 1; i < emitted.length; i++) {
    const [a, b] = [emitted[i - 1]!, emitted[i]!];
    if (
      b.isAfterLoss === true ||
      a.ts < b.ts ||
      (a.ts === b.ts && (a.shardlet < b.shardlet || (a.shardlet === b.shardlet && a.seq < b.seq)))
    )
      continue;
    found.push(
      violation(
        'I6',
        `${reader} was given ${b.event} (ts ${b.ts}, shardlet ${b.shardlet} seq ${b.seq}) after ${a.event} (ts ${a.ts}, shardlet ${a.shardlet} seq ${a.seq})`,
        {
          shardlets: [a.shardlet, b.shardlet],
          events: [a.event, b.event],
        },
      ),
    );
  }
  return found;
}

/**
 * In the end a reader has seen all there is, and what it saw stays, or the topology store names its loss later. What
 * has a number or a time that it had passed before its host went back unnoticed is no news to it.
 * @param isDurable no host is declared to lose what was read before it was synced
 */
export function checkEmissions(
  reader: string,
  emitted: readonly Emitted[],
  log: FinalLog,
  isDurable: boolean,
): Violation[] {
  const placeOf = (r: Pick<Emitted, 'shardlet' | 'seq' | 'ts'>) => `${r.shardlet}/${r.seq}/${r.ts}`;
  const seen = new Set(emitted.map(placeOf));
  const held = new Set(log.records.map(placeOf));
  const found: Violation[] = [];
  const passed = passedUnnoticed(emitted, log);
  const isPassed = ({ shardlet, seq, ts }: Emitted) => {
    const place = passed.get(shardlet);
    return place !== undefined && (seq <= place.seq || ts <= place.ts);
  };
  for (const record of log.records)
    if (!seen.has(placeOf(record)) && !isPassed(record))
      found.push(
        violation(
          'I1',
          `${reader} has come to the end and was never given ${record.event} (${placeOf(record)})`,
          {
            shardlets: [record.shardlet],
            events: [record.event],
          },
        ),
      );
  if (!isDurable) return found;
  for (const record of emitted) {
    if (held.has(placeOf(record)) || mayBeMissing(log, record)) continue;
    found.push(
      violation('I6', `${reader} was given ${record.event} (${placeOf(record)}), which has disappeared`, {
        shardlets: [record.shardlet],
        events: [record.event],
      }),
    );
  }
  return found;
}

interface Passed {
  readonly seq: number;
  readonly ts: number;
}

/**
 * By shardlet: the last number and time of what this reader was given and a host lost in a way that nobody can notice.
 * Its place is after that, by both.
 */
function passedUnnoticed(emitted: readonly Emitted[], log: FinalLog): ReadonlyMap<number, Passed> {
  const passed = new Map<number, Passed>();
  for (const record of emitted) {
    if (!isUnnoticed(log, record)) continue;
    const { seq, ts } = passed.get(record.shardlet) ?? { seq: 0, ts: 0 };
    passed.set(record.shardlet, { seq: Math.max(record.seq, seq), ts: Math.max(record.ts, ts) });
  }
  return passed;
}
