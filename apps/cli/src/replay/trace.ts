/** A recorded load that is played through an edge: rows with a time and a key, in the order of the file. */
export interface TraceRow {
  /** from 1; it is the event's id, because rows may be equal in all they hold */
  readonly row: number;
  readonly timeMs: number;
  readonly key: string;
  /** the members of the CloudEvent that come of the row, but for id and source */
  readonly event: Readonly<Record<string, unknown>>;
}

/** A row that is no event; it keeps its number. */
export interface BadRow {
  readonly row: number;
  readonly line: number;
  readonly reason: string;
}

export interface Trace {
  /** part of the events' source, so that traces in one stream are told apart */
  readonly name: string;
  /** undefined until the file was read once */
  readonly rowCount: number | undefined;
  /** In chunks, from `firstRow` on. */
  rows(firstRow: number): AsyncIterable<readonly TraceRow[]>;
  /** Rows that were left out so far, from the first row on. */
  readonly badRows: readonly BadRow[];
}
