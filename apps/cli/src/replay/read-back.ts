/**
 * Checks a replay against what a reader of the log finds: every row that was acknowledged is stored, once;
 * the rows of one key are in the order they were sent; and the log is in order of (ts, shardlet, seq).
 */
import type { StoredEvent } from '@foreshard/client/source';

export interface ReadBackReport {
  /** distinct rows of the trace that were found */
  readonly stored: number;
  /** rows that were acknowledged and not found */
  readonly missing: number;
  /** times that a row was found again */
  readonly duplicates: number;
  /** rows found beyond the last one that is known to be acknowledged: sent, and not counted */
  readonly beyond: number;
  readonly perKeyOrderKept: boolean;
  readonly globalOrderKept: boolean;
  /** events of the log that are not of this replay */
  readonly others: number;
  /** the first of each kind, to look it up */
  readonly examples: readonly string[];
}

const EXAMPLES_MAX = 10;

export class ReadBack {
  private readonly source: string;
  private readonly expected: number;
  private readonly leftOut: number;
  private readonly seen: Uint8Array;
  private readonly lastRowOfKey = new Map<string, number>();
  private readonly beyond = new Set<number>();
  private readonly examples: string[] = [];
  private previous: Pick<StoredEvent, 'ts' | 'shardlet' | 'seq'> | undefined;
  private storedCount = 0;
  private duplicates = 0;
  private others = 0;
  private perKeyOrderKept = true;
  private globalOrderKept = true;

  /** `expected`: rows 1..expected were acknowledged, but for `leftOut` of them, which are no events. */
  constructor(source: string, expected: number, leftOut: number) {
    this.source = source;
    this.expected = expected;
    this.leftOut = leftOut;
    this.seen = new Uint8Array(expected + 1);
  }

  /** Distinct acknowledged rows found so far. */
  get stored(): number {
    return this.storedCount;
  }

  see(found: StoredEvent): void {
    this.checkGlobalOrder(found);
    const { event } = found;
    if (event.source !== this.source) {
      this.others++;
      return;
    }
    const row = Number(event.id);
    if (this.isRepeated(row)) {
      this.duplicates++;
      return;
    }
    this.checkKeyOrder(found, row);
  }

  report(): ReadBackReport {
    const missing = this.expected - this.leftOut - this.stored;
    if (missing > 0) this.examples.push(`row ${this.seen.indexOf(0, 1)} was not found`);
    const { stored, duplicates, others, perKeyOrderKept, globalOrderKept, examples } = this;
    const beyond = this.beyond.size;
    return { stored, missing, duplicates, beyond, perKeyOrderKept, globalOrderKept, others, examples };
  }

  /** Notes the row; true when it was noted before. */
  private isRepeated(row: number): boolean {
    if (row > this.expected) {
      const known = this.beyond.has(row);
      this.beyond.add(row);
      return known;
    }
    const known = this.seen[row] === 1;
    this.seen[row] = 1;
    if (!known) this.storedCount++;
    return known;
  }

  private checkGlobalOrder(found: StoredEvent): void {
    const { previous } = this;
    this.previous = found;
    if (previous === undefined || found.late === true) return;
    const step = found.ts - previous.ts || found.shardlet - previous.shardlet || found.seq - previous.seq;
    if (step > 0) return;
    this.globalOrderKept = false;
    this.note(`the log goes back at ${found.shardlet}/${found.seq}`);
  }

  private checkKeyOrder({ event, shardlet, seq }: StoredEvent, row: number): void {
    const key = event.partitionkey ?? event.subject ?? event.source;
    const before = this.lastRowOfKey.get(key) ?? 0;
    this.lastRowOfKey.set(key, Math.max(before, row));
    if (row > before) return;
    this.perKeyOrderKept = false;
    this.note(`row ${row} of key ${key} comes after row ${before}, at ${shardlet}/${seq}`);
  }

  private note(example: string): void {
    if (this.examples.length < EXAMPLES_MAX) this.examples.push(example);
  }
}

/** What is wrong, in words; empty when all is as it should be. */
export function mismatches(report: ReadBackReport): string[] {
  const wrong: string[] = [];
  if (report.missing !== 0) wrong.push(`${report.missing} acknowledged rows are not stored`);
  if (report.duplicates > 0) wrong.push(`${report.duplicates} rows are stored more than once`);
  if (!report.perKeyOrderKept) wrong.push('the order of a key is broken');
  if (!report.globalOrderKept) wrong.push('the order of the log is broken');
  return wrong;
}
