/**
 * The time inside an event's id, where it has one: UUIDv7 (RFC 9562) and ULID begin with 48 bits of
 * milliseconds. A host refuses a timed id that is older than its deduplication window, so such an id is
 * stored once for ever. Any text may be an id, so what only looks like one must be told apart: a time
 * before these formats were in use is no time.
 */
import { MICROS_PER_MS } from '@foreshard/core/kernel';

/** 2015-01-01: ULID appeared in 2016, UUIDv7 in 2020 */
const EARLIEST_MS = 1_420_070_400_000;

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
const ULID = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/i;
const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';

/** Microseconds since the epoch, 0 when the id holds no time. */
export function idTimeMicros(id: string): number {
  if (id.length === 36) return UUID_V7.test(id) ? plausible(uuidMs(id)) : 0;
  if (id.length === 26) return ULID.test(id) ? plausible(ulidMs(id)) : 0;
  return 0;
}

function plausible(ms: number): number {
  return ms < EARLIEST_MS ? 0 : ms * MICROS_PER_MS;
}

function uuidMs(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

function ulidMs(id: string): number {
  let ms = 0;
  for (const digit of id.slice(0, 10).toLowerCase()) ms = ms * 32 + CROCKFORD.indexOf(digit);
  return ms;
}
