/**
 * Migration windows: times of day in a zone, on all or some weekdays, in which approved work may begin. They are found by
 * walking the minutes of the next days on the wall clock of the zone, so that days of 23 and 25 hours need no rule of their
 * own.
 */
import { type Policy, WEEKDAYS, type Weekday } from '../planning/index.ts';

type Window = Policy['migration_window'][number];

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
/** a week and two days hold every time of day of every weekday of every zone */
const MINUTES_AHEAD = 9 * DAY_MINUTES;
/** no zone has ever changed its clocks by more */
const CLOCK_CHANGE_MINUTES = 180;

/**
 * Whether approved work may begin. `fromMs`: not before; null: at once. What was approved for a window waits for the next
 * one of those that hold now, also when its own was missed, because no worker ran or moves were paused, or is none any
 * more. `approvedWindows`: those that held when it was approved.
 */
export function mayStart(
  windows: readonly Window[],
  approvedWindows: readonly Window[],
  fromMs: number | null,
  nowMs: number,
): boolean {
  if (fromMs === null) return true;
  return fromMs <= nowMs && (isOpen(windows, nowMs) || !isOpen(approvedWindows, fromMs));
}

function isOpen(windows: readonly Window[], atMs: number): boolean {
  return nextWindow(windows, atMs) === atMs;
}

/** The first moment from `nowMs` on that is inside a window; `nowMs` itself when there are no windows. */
export function nextWindow(windows: readonly Window[], nowMs: number): number {
  if (windows.length === 0) return nowMs;
  const firstMinute = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  const clocks = windows.map((window) => ({ window, clock: clockOf(window.zone) }));
  for (let i = 0; i <= MINUTES_AHEAD; ) {
    const atMs = firstMinute + i * MINUTE_MS;
    const walls = clocks.map(({ window, clock }) => ({ window, wall: wallOf(clock, atMs) }));
    if (walls.some(({ window, wall }) => isInside(window, wall))) return Math.max(nowMs, atMs);
    const soonest = Math.min(...walls.map(({ window, wall }) => minutesUntil(window.from, wall.time)));
    i += Math.max(1, soonest - CLOCK_CHANGE_MINUTES);
  }
  // not reached: every time of day of every weekday comes again within nine days
  return nowMs;
}

interface Wall {
  readonly day: Weekday;
  /** such as 04:00 */
  readonly time: string;
}

function clockOf(zone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
}

/** It writes "Mon 04:00", with or without a comma. */
function wallOf(clock: Intl.DateTimeFormat, atMs: number): Wall {
  const text = clock.format(atMs);
  return { day: text.slice(0, 3).toLowerCase() as Weekday, time: text.slice(-5) };
}

/**
 * Times of day as texts of the same length compare as times do. A window that ends before it begins goes past midnight, and
 * belongs to the day on which it begins.
 */
function isInside({ from, to, days: chosen }: Window, { day, time }: Wall): boolean {
  const days: readonly Weekday[] = chosen ?? WEEKDAYS;
  if (from <= to) return from <= time && time < to && days.includes(day);
  return from <= time ? days.includes(day) : time < to && days.includes(dayBefore(day));
}

function dayBefore(day: Weekday): Weekday {
  return WEEKDAYS.at(WEEKDAYS.indexOf(day) - 1)!;
}

/** On the wall clock; the time itself is a day away, since it is not inside. */
function minutesUntil(from: string, time: string): number {
  const minutes = (minuteOf(from) - minuteOf(time) + DAY_MINUTES) % DAY_MINUTES;
  return minutes === 0 ? DAY_MINUTES : minutes;
}

function minuteOf(time: string): number {
  return 60 * Number(time.slice(0, 2)) + Number(time.slice(3));
}
