'use client';

/** A table with sortable heads. Sorting is state of the caller (it lives in the URL), here or on the server. */
import {
  type ColumnDef,
  createSortedRowModel,
  type RowData,
  rowSortingFeature,
  type SortingState,
  sortFn_alphanumeric,
  sortFn_text,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { ArrowDown, ArrowUp, ChevronsUpDown } from 'lucide-react';
import { useState } from 'react';
import { cn } from '../class-names.ts';
import { ROWS_AT_FIRST, ShowAll } from './show-all.tsx';

declare module '@tanstack/react-table' {
  interface ColumnMeta<in out TFeatures, in out TData, TValue> {
    readonly align?: 'right';
    /** left out on narrow screens */
    readonly wide?: boolean;
    /** explains the head */
    readonly title?: string;
  }
}

export const dataTableFeatures = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { alphanumeric: sortFn_alphanumeric, text: sortFn_text },
});

// biome-ignore lint/suspicious/noExplicitAny: each column has its own type of value
export type DataColumns<T extends RowData> = ColumnDef<typeof dataTableFeatures, T, any>[];

export interface DataTableProps<T extends RowData> {
  label: string;
  columns: DataColumns<T>;
  rows: readonly T[];
  rowId(row: T): string;
  sorting: SortingState;
  onSort(sorting: SortingState): void;
  /** the rows come in order from the server */
  sortedByServer?: boolean;
  /** shown in grey while newer rows are on their way */
  outdated?: boolean;
}

export function DataTable<T extends RowData>(props: DataTableProps<T>) {
  const { label, columns, rows, rowId, sorting, onSort, sortedByServer = false, outdated = false } = props;
  const table = useTable({
    features: dataTableFeatures,
    columns,
    data: rows as T[],
    getRowId: rowId,
    state: { sorting },
    onSortingChange: (next) => onSort(typeof next === 'function' ? next(sorting) : next),
    manualSorting: sortedByServer,
    enableSortingRemoval: false,
    enableMultiSort: false,
  });
  const [all, setAll] = useState(false);
  const ordered = table.getRowModel().rows;
  const hidden = all ? 0 : Math.max(0, ordered.length - ROWS_AT_FIRST);
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <section tabIndex={0} aria-label={label} className="overflow-x-auto rounded-b-lg">
        <table className={cn('w-full border-collapse text-sm transition-opacity', outdated && 'opacity-60')}>
          <thead>
            {table.getHeaderGroups().map((group) => (
              <tr key={group.id} className="border-line border-y bg-sunken text-left">
                {group.headers.map((header) => {
                  const meta = header.column.columnDef.meta;
                  return (
                    <th
                      key={header.id}
                      scope="col"
                      title={meta?.title}
                      aria-sort={ariaSort(header.column.getCanSort(), header.column.getIsSorted())}
                      className={cn(
                        'px-3 py-0 font-medium first:pl-5 last:pr-5',
                        meta?.wide && 'max-md:hidden',
                      )}
                    >
                      {header.column.getCanSort() ? (
                        <button
                          type="button"
                          onClick={header.column.getToggleSortingHandler()}
                          className={cn(
                            'group flex h-9 w-full items-center gap-1 whitespace-nowrap text-xs text-soft hover:text-text',
                            meta?.align === 'right' && 'flex-row-reverse',
                          )}
                        >
                          <table.FlexRender header={header} />
                          <SortMark direction={header.column.getIsSorted()} />
                        </button>
                      ) : (
                        <span
                          className={cn(
                            'flex h-9 items-center text-xs text-soft',
                            meta?.align === 'right' && 'justify-end',
                          )}
                        >
                          <table.FlexRender header={header} />
                        </span>
                      )}
                    </th>
                  );
                })}
              </tr>
            ))}
          </thead>
          <tbody>
            {ordered.slice(0, ordered.length - hidden).map((row) => (
              <tr key={row.id} className="border-line border-b last:border-b-0 hover:bg-hover/60">
                {row.getAllCells().map((cell) => {
                  const meta = cell.column.columnDef.meta;
                  return (
                    <td
                      key={cell.id}
                      className={cn(
                        'h-11 px-3 first:pl-5 last:pr-5',
                        meta?.align === 'right' && 'text-right',
                        meta?.wide && 'max-md:hidden',
                      )}
                    >
                      <table.FlexRender cell={cell} />
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <ShowAll hidden={hidden} onAll={() => setAll(true)} />
    </>
  );
}

function ariaSort(sortable: boolean, sorted: false | 'asc' | 'desc') {
  if (!sortable) return undefined;
  return sorted === false ? 'none' : sorted === 'asc' ? 'ascending' : 'descending';
}

function SortMark({ direction }: { direction: false | 'asc' | 'desc' }) {
  if (direction === 'asc') return <ArrowUp aria-hidden className="size-3 text-accent" />;
  if (direction === 'desc') return <ArrowDown aria-hidden className="size-3 text-accent" />;
  return <ChevronsUpDown aria-hidden className="size-3 opacity-0 group-hover:opacity-60" />;
}
