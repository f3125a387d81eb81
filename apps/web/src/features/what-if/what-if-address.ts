/** The changes that are supposed stand in the address, so that a simulation is a link. */
import { type WhatIfChange, whatIfRequestSchema } from '@foreshard/core/advising';
import type { Route } from 'next';
import { parseAsJson } from 'nuqs';

export const changesParser = parseAsJson((value) => {
  const parsed = whatIfRequestSchema.shape.changes.safeParse(value);
  return parsed.success ? parsed.data : null;
}).withDefault([]);

export function whatIfLink(changes: readonly WhatIfChange[]): Route {
  return `/what-if?suppose=${encodeURIComponent(JSON.stringify(changes))}` as Route;
}
