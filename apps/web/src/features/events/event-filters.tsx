'use client';

import { useQuery } from '@tanstack/react-query';
import { Search } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTRPC } from '../../components/api.ts';
import { Button } from '../../components/ui/button.tsx';
import { inputClass, Select } from '../../components/ui/field.tsx';
import { BACK_CHOICES, type Back, type EventAddress } from './event-address.ts';

const BACK_NAMES: Record<Back, string> = {
  '5m': 'the last 5 minutes',
  '15m': 'the last 15 minutes',
  '1h': 'the last hour',
  '24h': 'the last 24 hours',
  oldest: 'the oldest event',
  set: 'a time',
};

export type FilterChange = Partial<Omit<EventAddress, 'live' | 'cursor'>>;

/** What is typed counts when the form is sent: each look is a read of the log. */
export function EventFilters({
  address,
  onChange,
}: {
  address: EventAddress;
  onChange(change: FilterChange): void;
}) {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.shardlets.choices.queryOptions());
  const [back, setBack] = useState(address.back);
  const streams = data?.streams ?? [address.stream];
  function onSubmit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? '').trim() || null;
    onChange({
      stream: text('stream') ?? 'main',
      key: text('key'),
      type: text('type'),
      source: text('source'),
      shardlet: Number(text('shardlet')) || null,
      low: text('low')?.toLowerCase() ?? null,
      high: text('high')?.toLowerCase() ?? null,
      back,
      since: instant(text('since')),
      until: instant(text('until')),
    });
  }
  // another link is another form
  const identity = JSON.stringify({ ...address, cursor: null, live: null });
  return (
    <form key={identity} onSubmit={onSubmit} className="grid gap-3">
      <div className="grid grid-cols-2 gap-3 md:grid-cols-3 xl:grid-cols-[10rem_1fr_1fr_1fr_13rem_auto] xl:items-end">
        <Select label="Stream" name="stream" defaultValue={address.stream}>
          {(streams.includes(address.stream) ? streams : [...streams, address.stream]).map((name) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
        <Text label="Key" name="key" value={address.key} placeholder="order-7" />
        <Text label="Type" name="type" value={address.type} placeholder="com.example.* " />
        <Text label="Source" name="source" value={address.source} placeholder="/shop*" />
        <Select label="From" value={back} onChange={(e) => setBack(e.target.value as Back)}>
          {BACK_CHOICES.map((choice) => (
            <option key={choice} value={choice}>
              {BACK_NAMES[choice]}
            </option>
          ))}
        </Select>
        <Button type="submit" look="primary" className="max-xl:self-end">
          <Search /> Look
        </Button>
      </div>
      <details open={hasMore(address) || back === 'set'} className="text-sm">
        <summary className="w-fit cursor-pointer text-soft text-xs hover:text-text">
          Time, position and shardlet
        </summary>
        <div className="mt-3 grid grid-cols-2 gap-3 md:grid-cols-5">
          <Text
            label="Since (local time)"
            name="since"
            type="datetime-local"
            value={localOf(address.since)}
            disabled={back !== 'set'}
          />
          <Text
            label="Until (local time)"
            name="until"
            type="datetime-local"
            value={localOf(address.until)}
            disabled={back !== 'set'}
          />
          <Text label="Position from" name="low" value={address.low} placeholder="16 hex digits" />
          <Text label="Position to" name="high" value={address.high} placeholder="16 hex digits" />
          <Text
            label="Shardlet"
            name="shardlet"
            value={address.shardlet?.toString() ?? null}
            placeholder="id"
          />
        </div>
      </details>
    </form>
  );
}

function Text({
  label,
  value,
  ...props
}: {
  label: string;
  name: string;
  value: string | null;
  placeholder?: string;
  type?: string;
  disabled?: boolean;
}) {
  return (
    <label className="grid min-w-0 gap-1">
      <span className="text-faint text-xs">{label}</span>
      <input
        defaultValue={value ?? ''}
        className={inputClass}
        autoComplete="off"
        spellCheck={false}
        step="1"
        {...props}
      />
    </label>
  );
}

function hasMore({ low, high, shardlet }: EventAddress): boolean {
  return low !== null || high !== null || shardlet !== null;
}

function instant(local: string | null): string | null {
  const ms = local === null ? Number.NaN : Date.parse(local);
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}

/** As an input for local times wants it: 2026-11-21T15:04:05 */
function localOf(text: string | null): string | null {
  if (text === null || Number.isNaN(Date.parse(text))) return null;
  const date = new Date(text);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
