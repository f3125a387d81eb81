/** A moment as it is written on the command line: with its zone, so that it means the same everywhere. */
import { parseTimestamp } from '@foreshard/core/kernel';
import { InvalidArgumentError } from 'commander';

/** Milliseconds since the epoch. */
export function instant(text: string): number {
  const ms = /(Z|[+-]\d\d:\d\d)$/.test(text) ? parseTimestamp(text) : undefined;
  if (ms === undefined)
    throw new InvalidArgumentError('a time with a zone such as 2026-12-01T04:00:00Z is needed.');
  return ms;
}
