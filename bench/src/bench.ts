/** What a bench is told, and what it answers. */
import type { Spread } from './measure/interleave.ts';

export interface BenchOptions {
  readonly rounds: number;
  /** ids preloaded into the hosts */
  readonly ids: number;
  readonly shardlets: number;
  readonly seconds: number;
  /** delay added to every fdatasync of the hosts, ms */
  readonly fsyncMs: number;
  /** parts of it; empty: all */
  readonly only?: readonly string[];
  /** a look whether it runs: small and short, its figures tell nothing */
  readonly isQuick?: boolean;
  /** what was started stays, to be looked at, until it is told to end */
  readonly keep?: boolean;
  /** times the sample's own pace */
  readonly speed?: number;
  /** of the sample */
  readonly minutes?: number;
  /** load of the busiest ten minutes over what all hosts take together */
  readonly peakUse?: number;
  /** the folder of recorded traces */
  readonly data?: string;
}

export interface BenchResult {
  /** everything needed to repeat it: batch size, map, deduplication, durability */
  readonly mode: Record<string, string | number>;
  readonly ratios: Record<string, Spread>;
  /** named goals of docs/performance.md, for the reader of the table */
  readonly marks?: Record<string, string>;
}
