/**
 * When a hint holds. A repeated one follows the clock on the wall of its zone: 18:00 stays 18:00 when the clocks
 * change. An hour that is skipped is put after the gap, one that comes twice means its first.
 */
import type { Hint } from './hint.ts';

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A minute-long span asked for over years would not end otherwise. */
const OCCURRENCES_MAX = 2_000;

/** Those that overlap [fromMs, toMs), in order. */
export function occurrences(
  hint: Pick<Hint, 'fromMs' | 'toMs' | 'repeat'>,
  fromMs: number,
  toMs: number,
): Span[] {
  const found: Span[] = [];
  const length = hint.toMs - hint.fromMs;
  for (const start of startTimes(hint, fromMs - length, toMs)) {
    if (start >= toMs || found.length === OCCURRENCES_MAX) break;
    if (start + length > fromMs) found.push({ fromMs: start, toMs: start + length });
  }
  return found;
}

function* startTimes(
  { fromMs, repeat }: Pick<Hint, 'fromMs' | 'repeat'>,
  afterMs: number,
  endMs: number,
): Generator<number> {
  if (repeat === null) {
    yield fromMs;
    return;
  }
  const untilMs = Math.min(
    endMs,
    repeat.until === undefined ? Number.POSITIVE_INFINITY : Date.parse(repeat.until),
  );
  const clock = new WallClock(repeat.zone);
  const first = clock.read(fromMs);
  for (let n = skipped(repeat.every, fromMs, afterMs); ; n++) {
    const wall = moved(first, repeat.every, n);
    if (wall === undefined) continue;
    const start = clock.time(wall);
    if (start > untilMs) return;
    yield start;
  }
}

const DAY_MS = 86_400_000;
const LONGEST_DAYS = { day: 1, week: 7, month: 31 };

/** Repetitions that surely lie before, less one for the change of clocks. */
function skipped(every: keyof typeof LONGEST_DAYS, fromMs: number, afterMs: number): number {
  return Math.max(0, Math.floor((afterMs - fromMs) / (LONGEST_DAYS[every] * DAY_MS)) - 1);
}

interface Wall {
  readonly year: number;
  /** 0 to 11 */
  readonly month: number;
  readonly day: number;
  /** since midnight on the wall */
  readonly ms: number;
}

/** Undefined in a month that lacks the date. */
function moved(first: Wall, every: keyof typeof LONGEST_DAYS, n: number): Wall | undefined {
  const date =
    every === 'month'
      ? new Date(Date.UTC(first.year, first.month + n, first.day))
      : new Date(Date.UTC(first.year, first.month, first.day + n * LONGEST_DAYS[every]));
  if (every === 'month' && date.getUTCDate() !== first.day) return undefined;
  return { year: date.getUTCFullYear(), month: date.getUTCMonth(), day: date.getUTCDate(), ms: first.ms };
}

class WallClock {
  private readonly format: Intl.DateTimeFormat;

  constructor(zone: string) {
    this.format = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  read(ms: number): Wall {
    const parts: Record<string, number> = {};
    for (const { type, value } of this.format.formatToParts(ms)) parts[type] = Number(value);
    const seconds = (parts.hour! * 60 + parts.minute!) * 60 + parts.second!;
    return {
      year: parts.year!,
      month: parts.month! - 1,
      day: parts.day!,
      ms: seconds * 1_000 + (((ms % 1_000) + 1_000) % 1_000),
    };
  }

  /** The offset before the wanted time decides: so the first of two equal hours, and a skipped one moves on. */
  time(wall: Wall): number {
    const asUtc = utc(wall);
    const before = this.offset(asUtc - DAY_MS);
    const guess = asUtc - before;
    const after = this.offset(asUtc + DAY_MS);
    if (utc(this.read(guess)) === asUtc || before === after) return guess;
    const other = asUtc - after;
    return utc(this.read(other)) === asUtc ? other : guess;
  }

  private offset(ms: number): number {
    return utc(this.read(ms)) - ms;
  }
}

function utc({ year, month, day, ms }: Wall): number {
  return Date.UTC(year, month, day) + ms;
}
