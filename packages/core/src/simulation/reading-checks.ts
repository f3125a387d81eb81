/** I6, from what a merged reader was given, page after page. */
import type { FinalLog } from './log-checks.ts';
import { type Violation, violation } from './violation.ts';

export interface Emitted {
  readonly event: string;
  readonly shardlet: number;
  readonly seq: number;
  readonly ts: number;
  /** the reader was notified of a loss since the record before: it may be given some again */
  readonly isAfterLoss?: boolean;
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

/** On hosts that lose nothing, what a reader saw stays, and in the end it has seen all there is. */
export function checkEmissions(
  reader: string,
  emitted: readonly Emitted[],
  log: FinalLog,
  isDurable: boolean,
): Violation[] {
  const placeOf = (r: Omit<Emitted, 'event'>) => `${r.shardlet}/${r.seq}/${r.ts}`;
  const seen = new Set(emitted.map(placeOf));
  const held = new Set(log.records.map(placeOf));
  const found: Violation[] = [];
  for (const record of log.records)
    if (!seen.has(placeOf(record)))
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
    const home = log.shardlets.get(record.shardlet);
    const isTrimmed = home !== undefined && (home.isGone || record.seq < home.firstSeq);
    if (held.has(placeOf(record)) || isTrimmed) continue;
    found.push(
      violation('I6', `${reader} was given ${record.event} (${placeOf(record)}), which has disappeared`, {
        shardlets: [record.shardlet],
        events: [record.event],
      }),
    );
  }
  return found;
}
