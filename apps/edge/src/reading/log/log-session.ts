/**
 * One reader of the log from a cursor on: first what is owed from hosts that were skipped and are wanted
 * again (flagged late), then the merged log.
 *
 * What is owed: the records that a skipped host held between the place where skipping began and the place
 * where this reader has come to. The topology store's map tells who owns a shardlet now, not who did meanwhile, so a
 * shardlet that got a new epoch since counts as possibly skipped. Late records may therefore repeat some that the
 * reader has; none is missing.
 */
import type { Shardlet } from '@foreshard/core/topology';
import type { LogCursor, SkippedHost } from './cursor.ts';
import { comparePlaces, type LogPosition } from './log-position.ts';
import { LogReader, type ReaderParts, type TakeOptions } from './log-reader.ts';
import type { Lost, MergedRecord, Trimmed } from './merge-terms.ts';

export interface SessionPage {
  readonly records: readonly MergedRecord[];
  /** how many of them, from the first on, are late */
  readonly late: number;
  readonly cursor: LogCursor;
  /** nothing more can be given out now; where it waits or is stuck, more may be stored */
  readonly atHead: boolean;
  readonly isStuck: boolean;
  readonly waitingFor: readonly number[];
  readonly trimmed: readonly Trimmed[];
  readonly lost: readonly Lost[];
}

export class LogSession {
  private readonly stream: number;
  private readonly main: LogReader;
  private skipped: SkippedHost[];
  /** of the first skipped host that is wanted again */
  private owed: { readonly entry: SkippedHost; readonly reader: LogReader } | undefined;
  private readonly parts: ReaderParts;
  private readonly skip: ReadonlySet<number>;

  /** `skip`: the hosts to go on without, from now on. */
  constructor(parts: ReaderParts, cursor: LogCursor, skip: ReadonlySet<number>) {
    this.parts = parts;
    this.stream = cursor.stream;
    this.skip = skip;
    const { version } = parts.map.topology;
    const added = [...skip].filter((host) => !cursor.skipped.some((s) => s.host === host));
    this.skipped = [...cursor.skipped, ...added.map((host) => ({ host, from: cursor.after, version }))];
    const { stream, after, version: readWith } = cursor;
    this.main = new LogReader(parts, { stream, after, version: readWith, skippedHosts: skip });
  }

  get cursor(): LogCursor {
    const { after, version } = this.main;
    return { stream: this.stream, version, after, skipped: this.skipped };
  }

  /** A reader like any other at this place: nothing skipped, nothing owed. */
  get isPlain(): boolean {
    return this.skipped.length === 0;
  }

  async page(options: TakeOptions): Promise<SessionPage> {
    const records: MergedRecord[] = [];
    const trimmed: Trimmed[] = [];
    for (let owed = this.nextOwed(); owed !== undefined; owed = this.nextOwed()) {
      const taken = await owed.reader.take({ ...options, limit: options.limit - records.length, waitMs: 0 });
      records.push(...taken.records);
      trimmed.push(...owed.reader.takeTrimmed());
      const isPaid = owed.reader.isPastEnd;
      this.noteProgress(owed.entry, owed.reader.after, isPaid);
      if (!isPaid) return this.result(records, records.length, taken.atHead, owed.reader, trimmed);
    }
    const late = records.length;
    if (late >= options.limit) return this.result(records, late, false, this.main, trimmed);
    const waitMs = late > 0 ? 0 : options.waitMs;
    const taken = await this.main.take({ ...options, limit: options.limit - late, waitMs });
    const all = late > 0 ? records.concat(taken.records) : taken.records;
    return this.result(all, late, taken.atHead, this.main, trimmed);
  }

  close(): void {
    this.main.close();
    this.owed?.reader.close();
  }

  private nextOwed() {
    const entry = this.skipped.find((s) => !this.skip.has(s.host));
    if (entry === undefined || this.owed?.entry === entry) return this.owed;
    const reader = new LogReader(this.parts, {
      stream: this.stream,
      after: entry.from,
      version: this.main.version,
      until: this.main.after,
      includes: possiblySkipped(entry),
      skippedHosts: this.skip,
    });
    this.owed = { entry, reader };
    return this.owed;
  }

  private noteProgress(entry: SkippedHost, after: LogPosition, isPaid: boolean): void {
    if (isPaid) {
      this.skipped = this.skipped.filter((s) => s !== entry);
      this.owed?.reader.close();
      this.owed = undefined;
      return;
    }
    const from = comparePlaces(after, this.main.after) < 0 ? after : this.main.after;
    const moved = { ...entry, from };
    this.skipped = this.skipped.map((s) => (s === entry ? moved : s));
    this.owed = { entry: moved, reader: this.owed!.reader };
  }

  private result(
    records: readonly MergedRecord[],
    late: number,
    atHead: boolean,
    waiting: LogReader,
    trimmedOfOwed: readonly Trimmed[],
  ): SessionPage {
    const { cursor } = this;
    return {
      records,
      late,
      cursor,
      atHead,
      isStuck: waiting.isStuck,
      waitingFor: waiting.waitingFor(),
      trimmed: [...trimmedOfOwed, ...this.main.takeTrimmed()],
      // of all hosts: the skipped ones are part of its topology too
      lost: this.main.takeLost(),
    };
  }
}

/** With its children, which have what their parents had not given out yet. */
function possiblySkipped({ host, version }: SkippedHost): (shardlet: Shardlet) => boolean {
  const included = new Set<number>();
  return ({ id, owner, epoch, parents }) => {
    if (included.has(id)) return true;
    const isIn = owner === host || epoch > version || parents.some((p) => included.has(p));
    if (isIn) included.add(id);
    return isIn;
  };
}
