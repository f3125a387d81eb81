/** I6, from what a merged reader was given, page after page. */
import { type FinalLog, mayBeMissing, placeOfEvent } from './log-checks.ts';
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
 * In the end a reader has seen all there is, and what it saw stays, or the topology store names its loss. A number
 * that it had passed before its host went back unnoticed is no news to it, whatever has it now.
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
  for (const record of log.records)
    if (!seen.has(placeOf(record)) && record.seq > (passed.get(record.shardlet) ?? 0))
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

/** By shardlet: the last number of those that this reader was given and a host lost in a way that nobody can notice. */
function passedUnnoticed(emitted: readonly Emitted[], { unnoticed }: FinalLog): ReadonlyMap<number, number> {
  const passed = new Map<number, number>();
  for (const record of emitted)
    if (unnoticed.has(placeOfEvent(record)))
      passed.set(record.shardlet, Math.max(record.seq, passed.get(record.shardlet) ?? 0));
  return passed;
}
