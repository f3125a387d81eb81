'use client';

import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '../../components/api.ts';
import { Select } from '../../components/ui/field.tsx';
import { STATE_FILTERS, type StateFilter } from '../../server/cluster/shardlet-query.ts';
import { STATE_NAMES } from './state-badge.tsx';

export interface Filters {
  readonly stream: string | null;
  readonly host: string | null;
  readonly state: StateFilter;
}

export function ShardletFilters({
  filters,
  onChange,
}: {
  filters: Filters;
  onChange(change: Partial<Filters>): void;
}) {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.shardlets.choices.queryOptions());
  return (
    <div className="grid w-full grid-cols-2 gap-3 sm:flex sm:w-auto">
      <Select
        label="Stream"
        className="sm:w-44"
        value={filters.stream ?? ''}
        onChange={(e) => onChange({ stream: e.target.value || null })}
      >
        <option value="">All streams</option>
        {withChosen(data?.streams, filters.stream).map((name) => (
          <option key={name}>{name}</option>
        ))}
      </Select>
      <Select
        label="Host"
        className="sm:w-44"
        value={filters.host ?? ''}
        onChange={(e) => onChange({ host: e.target.value || null })}
      >
        <option value="">All hosts</option>
        {withChosen(data?.hosts, filters.host).map((name) => (
          <option key={name}>{name}</option>
        ))}
      </Select>
      <Select
        label="State"
        className="col-span-2 sm:w-52"
        value={filters.state}
        onChange={(e) => onChange({ state: e.target.value as StateFilter })}
      >
        {STATE_FILTERS.map((state) => (
          <option key={state} value={state}>
            {STATE_NAMES[state]}
          </option>
        ))}
      </Select>
    </div>
  );
}

/** What a link chose is shown also when it is not there (any more). */
function withChosen(names: readonly string[] | undefined, chosen: string | null): readonly string[] {
  const known = names ?? [];
  return chosen === null || known.includes(chosen) ? known : [...known, chosen];
}
