/**
 * Migration windows: times of day in a zone, in which approved work may begin. They are found by walking the minutes
 * of the next days on the wall clock of the zone, so that days of 23 and 25 hours need no rule of their own.
 */
import type { Policy } from '../planning/index.ts';

type Window = Policy['migration_window'][number];

const MINUTE_MS = 60_000;
/** two days hold every time of day of every zone */
const MINUTES_AHEAD = 2 * 1_440;

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
  for (let i = 0; i <= MINUTES_AHEAD; i++) {
    const atMs = firstMinute + i * MINUTE_MS;
    if (clocks.some(({ window, clock }) => isInside(window, clock.format(atMs))))
      return Math.max(nowMs, atMs);
  }
  // not reached: every time of day comes again within two days
  return nowMs;
}

function clockOf(zone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
}

/** Times of day as texts of the same length compare as times do; one that ends before it begins goes past midnight. */
function isInside({ from, to }: Window, time: string): boolean {
  return from <= to ? from <= time && time < to : from <= time || time < to;
}
