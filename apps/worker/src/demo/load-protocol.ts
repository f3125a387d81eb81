/** What the worker tells the process that sends the load of a demo, and what that tells the worker: a line of JSON each. */

export interface LoadAddress {
  readonly url: string;
  readonly token: string;
  readonly stream: string;
}

/** As fast as this machine takes it, for a short time. */
export interface MeasureOrder extends LoadAddress {
  readonly kind: 'measure';
  readonly keys: readonly string[];
  readonly ms: number;
}

/** What a run finds on its hosts, so that a move has something to copy. */
export interface FillOrder extends LoadAddress {
  readonly kind: 'fill';
  readonly run: number;
  /** of each shardlet */
  readonly keys: readonly (readonly string[])[];
  readonly eventsOfShardlet: number;
  readonly eventBytes: number;
}

/** Whole events of each shardlet in each second, open loop. */
export interface MorningOrder extends LoadAddress {
  readonly kind: 'morning';
  /** its events have ids of their own */
  readonly run: number;
  readonly startMs: number;
  /** of each shardlet */
  readonly keys: readonly (readonly string[])[];
  readonly morning: readonly (readonly number[])[];
}

export type LoadOrder = MeasureOrder | FillOrder | MorningOrder;

export interface SecondReport {
  readonly kind: 'second';
  readonly second: number;
  readonly refused: number;
}

export interface MeasureReport {
  readonly kind: 'measured';
  readonly perSecond: number;
}

export interface MorningReport {
  readonly kind: 'sent';
  readonly sent: number;
  readonly refused: number;
  readonly late: number;
  readonly p50: number;
  readonly p99: number;
  /** of what was refused, by code */
  readonly codes: Readonly<Record<string, number>>;
}

export interface FillReport {
  readonly kind: 'filled';
  readonly refused: number;
}

export type LoadReport = SecondReport | MeasureReport | FillReport | MorningReport;
