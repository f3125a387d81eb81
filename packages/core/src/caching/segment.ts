/**
 * What is known of 1,024 consecutive places of a shardlet: runs of records, with gaps where nobody has read. It is
 * what the cache keeps or lets go as a whole.
 */
import type { StoredRecord } from '../hosts/index.ts';
import { Run, type Source } from './run.ts';

/** One host call reads about as many, and at 1 KB an event it is a small part of the budget. */
export const SEGMENT_RECORDS = 1_024;

/** A reader at the head and some that catch up need no more; each run has a cost of its own. */
const RUNS_MAX = 8;
const WHOLE = { maxRecords: SEGMENT_RECORDS, maxBytes: Number.POSITIVE_INFINITY };

export function segmentOf(seq: number): number {
  return Math.floor((seq - 1) / SEGMENT_RECORDS);
}

export class Segment {
  /** in order; they share no place */
  private runs: Run[] = [];
  /** up to here it was read: who reads below it is another reader, or comes again */
  private readTo = 0;

  get cost(): number {
    let cost = 0;
    for (const run of this.runs) cost += run.cost;
    return cost;
  }

  get isEmpty(): boolean {
    return this.runs.length === 0;
  }

  /** The run that holds this place. */
  runAt(seq: number): Run | undefined {
    return this.runs.find((run) => run.firstSeq <= seq && seq < run.endSeq);
  }

  /** Answers whether some of it was read before: a reader that goes on where it ended is no use more. */
  noteRead(from: number, nextSeq: number): boolean {
    const isAgain = from < this.readTo;
    this.readTo = Math.max(this.readTo, nextSeq);
    return isAgain;
  }

  /** All losses up to this version of the map were looked at. */
  raiseStamps(version: number): void {
    for (const run of this.runs) run.stamp = Math.max(run.stamp, version);
  }

  /**
   * REQUIRES records of this segment that follow one another. What is held stays: where it is void, a loss says so.
   */
  put(records: readonly StoredRecord[], source: Source): void {
    let missing: StoredRecord[] = [];
    for (const record of records) {
      if (this.runAt(record.seq) === undefined) missing.push(record);
      else missing = this.add(missing, source);
    }
    this.add(missing, source);
    this.join();
    while (this.runs.length > RUNS_MAX) this.dropShortest();
  }

  /** Forgets what is above `seq` in runs that do not know of the loss with this epoch. Answers whether there was any. */
  cutAbove(seq: number, epoch: number): boolean {
    let hasCut = false;
    for (const run of this.runs) {
      if (run.stamp >= epoch || run.endSeq - 1 <= seq) continue;
      run.cutAbove(seq);
      hasCut = true;
    }
    this.dropEmpty();
    return hasCut;
  }

  /** Answers whether there was any. */
  dropOfHost(host: number): boolean {
    const { length } = this.runs;
    this.runs = this.runs.filter((run) => run.host !== host);
    return this.runs.length < length;
  }

  private add(records: StoredRecord[], source: Source): StoredRecord[] {
    if (records.length === 0) return records;
    const before = this.runs.find((run) => run.endSeq === records[0]!.seq && run.host === source.host);
    if (before !== undefined) before.append(records, source);
    else {
      this.runs.push(new Run(records, source));
      this.runs.sort((a, b) => a.firstSeq - b.firstSeq);
    }
    return [];
  }

  /** Runs of one host that meet become one. */
  private join(): void {
    for (let i = 0; i + 1 < this.runs.length; ) {
      const [run, next] = [this.runs[i]!, this.runs[i + 1]!];
      if (next.firstSeq !== run.endSeq || next.host !== run.host) i++;
      else {
        run.append(next.portion(next.firstSeq, WHOLE).records, next);
        this.runs.splice(i + 1, 1);
      }
    }
  }

  private dropEmpty(): void {
    this.runs = this.runs.filter((run) => run.endSeq > run.firstSeq);
  }

  private dropShortest(): void {
    const lengths = this.runs.map((run) => run.endSeq - run.firstSeq);
    this.runs.splice(lengths.indexOf(Math.min(...lengths)), 1);
  }
}
