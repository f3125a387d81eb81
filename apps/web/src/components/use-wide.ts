'use client';

import { useSyncExternalStore } from 'react';

/** Tailwind's md: below it a table of many columns is cut, and cards take its place. */
const QUERY = '(min-width: 48rem)';

/** undefined while the page is rendered on the server, where no width is known */
export function useWide(): boolean | undefined {
  return useSyncExternalStore(
    subscribe,
    () => window.matchMedia(QUERY).matches,
    () => undefined,
  );
}

function subscribe(listener: () => void): () => void {
  const query = window.matchMedia(QUERY);
  query.addEventListener('change', listener);
  return () => query.removeEventListener('change', listener);
}
