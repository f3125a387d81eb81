'use client';

import { X } from 'lucide-react';
import Link from 'next/link';
import { useState } from 'react';
import { Button } from '../../components/ui/button.tsx';
import { Select } from '../../components/ui/field.tsx';
import { formatBytes, formatPercent, formatRate } from '../../formatting/numbers.ts';
import { whatIfLink } from '../what-if/what-if-address.ts';
import { type HostBlock, hostOf, type ShardCells } from './shard-cells.ts';

const STATE_NAMES = ['open', 'moving', 'opening'];
const LINK = 'text-accent underline-offset-4 hover:underline';

/** The pinned shardlet: whose, how much, and where to go from here. */
export function ShardCard({
  cells,
  index,
  allHosts,
  onClose,
  onHost,
  onSimulate,
}: {
  cells: ShardCells;
  index: number;
  allHosts: readonly HostBlock[];
  onClose(): void;
  onHost(host: string): void;
  /** as if it lay on the host with this id */
  onSimulate(host: number): void;
}) {
  const id = cells.ids[index]!;
  const host = hostOf(cells, index);
  const stream = cells.streams[cells.streamIndex[index]!] ?? '';
  const ofHost = host === undefined ? 0 : sum(cells.events, host.first, host.count);
  const events = cells.events[index]!;
  const stored = cells.stored[index]!;
  return (
    <section
      aria-label="Pinned shardlet"
      className="grid gap-4 border-line border-t px-5 py-4 text-sm sm:grid-cols-[1fr_1fr_1fr_auto]"
    >
      <dl className="grid grid-cols-[auto_1fr] content-start gap-x-4 gap-y-1">
        <dt className="text-faint">Shardlet</dt>
        <dd className="font-mono font-semibold">{id}</dd>
        <dt className="text-faint">Stream</dt>
        <dd>{stream}</dd>
        <dt className="text-faint">Host</dt>
        <dd>
          {host === undefined ? (
            'none'
          ) : (
            <button type="button" className={LINK} onClick={() => onHost(host.name)}>
              {host.name}
            </button>
          )}
        </dd>
        <dt className="text-faint">State</dt>
        <dd>{STATE_NAMES[cells.states[index]!]}</dd>
      </dl>
      <dl className="grid grid-cols-[auto_1fr] content-start gap-x-4 gap-y-1">
        <dt className="text-faint">Events</dt>
        <dd>
          {formatRate(events)}/s
          {ofHost > 0 ? (
            <span className="text-soft"> ({formatPercent(events / ofHost)} of its host)</span>
          ) : null}
        </dd>
        <dt className="text-faint">Bytes</dt>
        <dd>{formatBytes(cells.bytesIn[index]!)}/s</dd>
        <dt className="text-faint">Last 24 h</dt>
        <dd>{Number.isNaN(stored) ? 'not known' : formatBytes(stored)}</dd>
      </dl>
      <ul className="grid content-start gap-1">
        <li>
          <Link className={LINK} href={`/heat?stream=${encodeURIComponent(stream)}`}>
            Heat map of {stream}
          </Link>
        </li>
        <li>
          <Link className={LINK} href={`/events?stream=${encodeURIComponent(stream)}&shardlet=${id}`}>
            Its events
          </Link>
        </li>
        <li>
          <Link className={LINK} href={`/health?kind=shardlet&id=${id}`}>
            Its health
          </Link>
        </li>
        <li>
          <Link className={LINK} href={whatIfLink([{ kind: 'split', shardlet: String(id) }])}>
            Simulate a split
          </Link>
        </li>
        <li>
          <SimulateMove hosts={allHosts.filter(({ id }) => id !== host?.id)} onSimulate={onSimulate} />
        </li>
      </ul>
      <Button
        look="quiet"
        size="icon"
        aria-label="Unpin the shardlet"
        onClick={onClose}
        className="justify-self-end"
      >
        <X />
      </Button>
    </section>
  );
}

/** What dragging does, without dragging. */
function SimulateMove({
  hosts,
  onSimulate,
}: {
  hosts: readonly HostBlock[];
  onSimulate(host: number): void;
}) {
  const [chosen, setChosen] = useState('');
  if (hosts.length === 0) return null;
  return (
    <form
      className="flex items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (chosen !== '') onSimulate(Number(chosen));
      }}
    >
      <Select
        label="As if it lay on"
        className="w-44"
        value={chosen}
        onChange={(e) => setChosen(e.target.value)}
      >
        <option value="">choose a host</option>
        {hosts.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </Select>
      <Button type="submit" disabled={chosen === ''}>
        Simulate
      </Button>
    </form>
  );
}

function sum(values: Float32Array, first: number, count: number): number {
  let total = 0;
  for (let i = first; i < first + count; i++) total += values[i]!;
  return total;
}
