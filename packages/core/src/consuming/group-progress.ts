/**
 * How fast a group processes, and when it will have caught up: from what it has committed in the last minutes, and from
 * how much is expected to arrive. Nothing is guessed: what is not measured yet is said to be unknown.
 */

/** What a group had processed at a time: a sum of seqs, which means nothing but its growth. */
export interface ProgressSample {
  readonly atMs: number;
  readonly processed: number;
  /** who gave a sign of life within the session; undefined: not noted */
  readonly members?: number | undefined;
}

/** Samples are taken by workers, so every edge answers alike, also one that has just started. */
export interface GroupProgressStore {
  /** One sample of every group, at the begin of this interval; also well when there is one. */
  sample(): Promise<void>;
  /** Of the last PROGRESS_WINDOW_MS, the oldest first. */
  recent(group: string): Promise<readonly ProgressSample[]>;
  /** The oldest of these, of each group that has one. */
  firsts(groups: readonly string[]): Promise<ReadonlyMap<string, ProgressSample>>;
}

export const SAMPLE_EVERY_MS = 15_000;
export const PROGRESS_WINDOW_MS = 300_000;
/** A rate over less time is the luck of two batches. */
const SPAN_MS_MIN = SAMPLE_EVERY_MS;

/** Arrivals of a stream from now on, in events per second. */
export interface Arrivals {
  /** `measured`: nothing was forecast, so what arrived in the last minutes is expected to go on */
  readonly from: 'forecast' | 'measured';
  readonly stepMs: number;
  /** the first step begins now */
  readonly perSecond: readonly number[];
  /** exceeded with probability .1; left out where nothing was forecast */
  readonly p90PerSecond?: readonly number[];
}

export type CatchUp =
  | { readonly kind: 'caught up' }
  | { readonly kind: 'by'; readonly atMs: number }
  /** it gets nearer, and is not there at the end of what is forecast */
  | { readonly kind: 'later'; readonly afterMs: number; readonly lag: number }
  /** more arrives than it processes */
  | { readonly kind: 'not catching up'; readonly lag: number; readonly afterMs: number }
  | { readonly kind: 'unknown'; readonly because: 'lag' | 'processing' | 'arrivals' };

export interface Progress {
  /** events per second over the last minutes; null: not measured yet */
  readonly processing: number | null;
  readonly arriving: number | null;
  readonly arrivalsFrom: Arrivals['from'] | null;
  readonly catchUp: CatchUp;
  /** the lag as it is expected, from now on */
  readonly forecast: readonly { readonly atMs: number; readonly lag: number }[];
}

/** So many seconds of arrivals are on their way at any time: a group that is no further behind keeps up. */
const ON_THE_WAY_SECONDS = 2;
const LAG_ALWAYS = 10;

/** Undefined: there are no two samples far enough apart. A set-back counts as no progress. */
export function processingRate(samples: readonly ProgressSample[], now: ProgressSample): number | undefined {
  const first = samples.find(({ atMs }) => atMs >= now.atMs - PROGRESS_WINDOW_MS);
  if (first === undefined || now.atMs - first.atMs < SPAN_MS_MIN) return undefined;
  return Math.max(0, ((now.processed - first.processed) * 1_000) / (now.atMs - first.atMs));
}

export function progressOf(
  lag: number | undefined,
  processing: number | undefined,
  arrivals: Arrivals | undefined,
  nowMs: number,
): Progress {
  const arriving = arrivals?.perSecond[0];
  const forecast =
    lag === undefined || processing === undefined || arrivals === undefined
      ? []
      : lagsOf(lag, processing, arrivals, nowMs);
  return {
    processing: processing ?? null,
    arriving: arriving ?? null,
    arrivalsFrom: arrivals?.from ?? null,
    catchUp: catchUpOf(lag, processing, arrivals, forecast),
    forecast,
  };
}

function catchUpOf(
  lag: number | undefined,
  processing: number | undefined,
  arrivals: Arrivals | undefined,
  forecast: Progress['forecast'],
): CatchUp {
  if (lag === undefined) return { kind: 'unknown', because: 'lag' };
  if (lag <= keepsUpAt(arrivals?.perSecond[0] ?? 0)) return { kind: 'caught up' };
  if (processing === undefined) return { kind: 'unknown', because: 'processing' };
  if (arrivals === undefined) return { kind: 'unknown', because: 'arrivals' };
  const done = forecast.find((point) => point.lag === 0);
  if (done !== undefined) return { kind: 'by', atMs: done.atMs };
  const end = forecast.at(-1)!;
  const afterMs = end.atMs - forecast[0]!.atMs;
  return end.lag < lag
    ? { kind: 'later', afterMs, lag: end.lag }
    : { kind: 'not catching up', afterMs, lag: end.lag };
}

/** A lag up to here is on its way. */
export function keepsUpAt(arriving: number): number {
  return Math.max(LAG_ALWAYS, arriving * ON_THE_WAY_SECONDS);
}

/** At the end of each step, and where the lag reaches 0. */
function lagsOf(
  lag: number,
  processing: number,
  { perSecond, stepMs }: Arrivals,
  nowMs: number,
): { atMs: number; lag: number }[] {
  const points = [{ atMs: nowMs, lag }];
  let left = lag;
  for (const [i, arriving] of perSecond.entries()) {
    const fallsBy = processing - arriving;
    const after = left - (fallsBy * stepMs) / 1_000;
    if (left > 0 && after <= 0)
      points.push({ atMs: Math.round(nowMs + i * stepMs + (left * 1_000) / fallsBy), lag: 0 });
    left = Math.max(0, after);
    points.push({ atMs: nowMs + (i + 1) * stepMs, lag: Math.round(left) });
  }
  return points;
}
