/**
 * What is known of one kind of event, in one range, as the cause of bursts in another range: after which lags bursts came, beside the
 * same question asked of the same events shifted by one, two and three windows. Shifted events have the same number, the same course over
 * the day and the same clusters, and announce nothing, so what they seem to announce is what chance does.
 */

/** Minutes after an event in which it may announce something. */
export const WINDOW = 60;
/** later windows that stand for chance */
export const SHIFTS = 3;
/** what comes sooner leaves no time to prepare */
export const LAG_MIN = 3;
/** events of a cause that count: lags drift, and what was long ago says nothing */
const CAUSES_COUNTED = 40;
/** lags of one link lie within a factor and some minutes of each other */
const LAGS_FACTOR = 1.6;
const LAGS_MINUTES = 3;
const RECENT_LAGS = 12;
const PSEUDO = 2;

interface Lag {
  /** the number of the cause */
  readonly cause: number;
  readonly minutes: number;
}

export interface Finding {
  readonly from: number;
  readonly to: number;
  /** causes with a burst in this span of lags, of so many */
  readonly hits: number;
  readonly causes: number;
  /** the same of shifted causes, the mean of all shifts */
  readonly byChance: number;
  /** log likelihood ratio against chance */
  readonly evidence: number;
}

export class AnnouncingLink {
  /** [0]: of the events themselves; the others of shifted ones */
  private readonly lags: Lag[][] = Array.from({ length: 1 + SHIFTS }, () => []);

  /** A burst came `age` minutes after the cause of this number. */
  follow(cause: number, age: number): void {
    const shift = Math.floor(age / WINDOW);
    const minutes = age % WINDOW;
    if (shift > SHIFTS || minutes < LAG_MIN) return;
    const lags = this.lags[shift]!;
    lags.push({ cause, minutes });
    while (
      lags.length > 0 &&
      (lags[0]!.cause <= cause - 2 * CAUSES_COUNTED || lags.length > 4 * CAUSES_COUNTED)
    )
      lags.shift();
  }

  /** `causes`: so many are older than the window. `shift` above 0 asks of shifted causes, as if they were the events. */
  find(causes: number, shift = 0): Finding | undefined {
    const first = causes - CAUSES_COUNTED;
    const own = sorted(this.lags[shift]!.filter(({ cause }) => cause > first));
    const span = densest(own);
    if (span === undefined) return undefined;
    const counted = Math.max(1, Math.min(causes, CAUSES_COUNTED));
    const others = this.lags.filter((_, i) => i > 0 && i !== shift);
    const chance = others.reduce((sum, lags) => sum + hitsIn(lags, first, span), 0) / others.length;
    const hits = Math.min(counted, hitsIn(this.lags[shift]!, first, span));
    // chance that was never seen is not impossible
    const byChance = chance + 1 / (1 + others.length);
    const evidence = hits > byChance ? hits * Math.log(hits / byChance) - (hits - byChance) : 0;
    return { ...span, hits, causes: counted, byChance, evidence };
  }

  /** Minutes after a cause, of the newest bursts in the span. */
  recentLags({ from, to }: Finding): number[] {
    return this.lags[0]!.filter(({ minutes }) => minutes >= from && minutes <= to)
      .slice(-RECENT_LAGS)
      .map(({ minutes }) => minutes)
      .sort((a, b) => a - b);
  }
}

/** Toward chance while little is known. */
export function probabilityOf({ hits, causes, byChance }: Finding): number {
  return Math.min(1, (hits + (PSEUDO * byChance) / causes) / (causes + PSEUDO));
}

function sorted(lags: readonly Lag[]): number[] {
  return lags.map(({ minutes }) => minutes).sort((a, b) => a - b);
}

function densest(lags: readonly number[]): { readonly from: number; readonly to: number } | undefined {
  let best: { from: number; to: number } | undefined;
  let most = 0;
  for (let i = 0, j = 0; i < lags.length; i++) {
    const end = lags[i]! * LAGS_FACTOR + LAGS_MINUTES;
    while (j < lags.length && lags[j]! <= end) j++;
    if (j - i <= most) continue;
    most = j - i;
    best = { from: lags[i]!, to: lags[j - 1]! };
  }
  return best;
}

/** Causes, not bursts: two bursts after one cause are one hit. */
function hitsIn(lags: readonly Lag[], first: number, { from, to }: { from: number; to: number }): number {
  const causes = new Set<number>();
  for (const { cause, minutes } of lags)
    if (cause > first && minutes >= from && minutes <= to) causes.add(cause);
  return causes.size;
}
