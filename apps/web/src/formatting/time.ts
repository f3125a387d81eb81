/**
 * How moments and durations are written. A moment always says its zone, or how far it is from now; the reader
 * chooses in the header.
 */
const NBSP = '\u00a0';
const DAY_MS = 86_400_000;
const DATE_LENGTH = '2026-11-21'.length;

export const ZONES = ['local', 'utc', 'relative'] as const;
export type Zone = (typeof ZONES)[number];

/** How long: 0.4 s, 12 s, 4 min, 3 h, 2 days */
export function formatDuration(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds < 1) return `${Math.round(seconds * 10) / 10}${NBSP}s`;
  if (seconds < 90) return `${Math.round(seconds)}${NBSP}s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)}${NBSP}min`;
  if (seconds < 48 * 3_600) return `${Math.round(seconds / 3_600)}${NBSP}h`;
  return `${Math.round(seconds / 86_400)}${NBSP}days`;
}

export function formatAgo(ms: number): string {
  return ms < 3_500 ? 'just now' : `${formatDuration(ms)} ago`;
}

/** How long until full; a far future is not worth a number. */
export function formatHoursToFull(hours: number): string {
  if (hours > 24 * 90) return `>${NBSP}90${NBSP}days`;
  return formatDuration(hours * 3_600_000);
}

/** 3 min ago, in 12 s */
export function formatFromNow(ms: number, nowMs: number): string {
  return ms > nowMs ? `in ${formatDuration(ms - nowMs)}` : formatAgo(nowMs - ms);
}

/** 14:03:27; the marks of an axis stay moments also for a reader who wants distances */
export function formatClock(ms: number, zone: Zone): string {
  return clock(zone).format(ms);
}

/** 2026-11-21 14:03:27 UTC; "3 min ago" for a reader who wants distances */
export function formatMoment(ms: number, zone: Zone, nowMs: number = Date.now()): string {
  if (zone === 'relative') return formatFromNow(ms, nowMs);
  const parts = Object.fromEntries(
    moment(zone)
      .formatToParts(ms)
      .map((p) => [p.type, p.value]),
  );
  const { year, month, day, hour, minute, second, timeZoneName } = parts;
  return `${year}-${month}-${day} ${hour}:${minute}:${second} ${timeZoneName}`;
}

/** The clock for what is within a day of now, the date for what is older, both for what is further ahead. */
export function formatMomentShort(ms: number, nowMs: number, zone: Zone): string {
  if (zone === 'relative') return formatFromNow(ms, nowMs);
  const text = formatMoment(ms, zone);
  if (ms - nowMs >= DAY_MS) return text;
  return nowMs - ms < DAY_MS ? text.slice(DATE_LENGTH + 1) : text.slice(0, DATE_LENGTH);
}

function clock(zone: Zone): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', ...inZone(zone) });
}

function moment(zone: Zone): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-GB', {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
    ...inZone(zone),
  });
}

function inZone(zone: Zone): { timeZone?: string } {
  return zone === 'utc' ? { timeZone: 'UTC' } : {};
}
