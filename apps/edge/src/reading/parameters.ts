/** What the parameters of a reader mean. */
import { ForeshardError, parseMicros } from '@foreshard/core/kernel';
import { PAGE_EVENTS_DEFAULT, PAGE_WAIT_MS_MAX } from '@foreshard/core/operations';

/** A longer wait than allowed is cut: the client asks again anyway. */
export function pageOf({ limit, wait }: { limit?: number | undefined; wait?: number | undefined }) {
  return { limit: limit ?? PAGE_EVENTS_DEFAULT, waitMs: Math.min(PAGE_WAIT_MS_MAX, wait ?? 0) };
}

/** The ids of hosts to go on without. */
export function skippedHosts(skip: string | undefined): ReadonlySet<number> {
  return new Set(skip?.split(',').map(Number));
}

/**
 * Microseconds, when a reader begins at a time instead of a cursor (none begins with a year).
 *
 * @throws ForeshardError invalid_cursor
 */
export function timeOfFrom(from: string): number | undefined {
  if (!/^\d{4}-/.test(from)) return undefined;
  const micros = parseMicros(from);
  if (!Number.isNaN(micros)) return micros;
  const detail = `from=${JSON.stringify(from)}: a time since 1970 is written like 2026-11-21T15:04:05Z`;
  throw new ForeshardError('invalid_cursor', detail, { pointer: '?from' });
}
