'use client';

import type { SortingState } from '@tanstack/react-table';
import { parseAsBoolean, parseAsStringLiteral, useQueryStates } from 'nuqs';

/** The sorting of a table in the URL (`sort`, `desc`), so that a link shows what its sender saw. */
export function useSortState<C extends string>(
  columns: readonly C[],
  initial: C,
  initiallyDescending: boolean,
) {
  const [{ sort, desc }, set] = useQueryStates({
    sort: parseAsStringLiteral(columns).withDefault(initial),
    desc: parseAsBoolean.withDefault(initiallyDescending),
  });
  const sorting: SortingState = [{ id: sort as C, desc }];
  function onSort(next: SortingState) {
    const [first] = next;
    if (first !== undefined) void set({ sort: first.id as C, desc: first.desc });
  }
  return { sort: sort as C, desc, sorting, onSort };
}
