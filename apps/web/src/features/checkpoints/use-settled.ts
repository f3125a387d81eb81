'use client';

import { useEffect, useState } from 'react';

/** A value of plain data as it was when it had not changed for so long. */
export function useSettled<T>(
  value: T,
  settledMs: number,
): { readonly settled: T; readonly isSettling: boolean } {
  const [settled, setSettled] = useState(value);
  const text = JSON.stringify(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(JSON.parse(text)), settledMs);
    return () => clearTimeout(timer);
  }, [text, settledMs]);
  return { settled, isSettling: text !== JSON.stringify(settled) };
}
