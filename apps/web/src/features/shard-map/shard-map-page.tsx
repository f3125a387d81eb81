'use client';

/** Hosts and their shardlets at one look: which host, which shardlet, what moves. All of it is in the address. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { parseAsInteger, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import { useMemo } from 'react';
import { useTRPC } from '../../components/api.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { Notice } from '../../components/notice.tsx';
import { TakeAway, trpcCurl } from '../../components/take-away.tsx';
import { Command } from '../../components/ui/copy-button.tsx';
import { Select } from '../../components/ui/field.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import { formatCounted } from '../../formatting/numbers.ts';
import { PALETTES } from '../heat/colour-scale.ts';
import { ListPage } from '../list-page.tsx';
import { HostTable, hostSums } from './host-table.tsx';
import { LAYOUTS } from './layout.ts';
import { MoveTable } from './move-table.tsx';
import { indexOfShardlet, type ShardCells, unpackShards } from './shard-cells.ts';
import { ShardFigure } from './shard-figure.tsx';

const VIEWS = ['map', 'table'] as const;
export const COLOURS = ['events', 'bytes'] as const;
const REFRESH_MS = 5_000;

export function useMapAddress() {
  return useQueryStates({
    stream: parseAsString,
    view: parseAsStringLiteral(VIEWS).withDefault('map'),
    layout: parseAsStringLiteral(LAYOUTS).withDefault('tree'),
    colour: parseAsStringLiteral(COLOURS).withDefault('events'),
    palette: parseAsStringLiteral(PALETTES).withDefault('cividis'),
    /** only this host, by its name */
    host: parseAsString,
    /** the pinned shardlet */
    at: parseAsInteger,
  });
}

export function ShardMapPage() {
  const trpc = useTRPC();
  const { status } = useLive();
  const [address, set] = useMapAddress();
  const every = status === 'paused' ? (false as const) : REFRESH_MS;
  const picture = useQuery({
    ...trpc.shardMap.picture.queryOptions({ stream: address.stream }),
    placeholderData: keepPreviousData,
    refetchInterval: every,
  });
  const moves = useQuery({ ...trpc.shardMap.moves.queryOptions(), refetchInterval: every });
  const choices = useQuery(trpc.shardlets.choices.queryOptions());
  const all = useMemo(
    () => (picture.data === undefined ? undefined : unpackShards(picture.data)),
    [picture.data],
  );
  const cells = useMemo(
    () => (all === undefined ? undefined : onlyHost(all, address.host)),
    [all, address.host],
  );
  const running = moves.data ?? [];
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <ListPage
        error={all === undefined ? picture.error : null}
        loading={picture.isPending}
        onRetry={() => void picture.refetch()}
        empty={all !== undefined && all.total === 0 ? <NoShardlets /> : undefined}
        head={
          <div className="flex flex-wrap items-end gap-3">
            <Select
              label="Stream"
              className="w-36"
              value={address.stream ?? ''}
              onChange={(e) => void set({ stream: e.target.value || null })}
            >
              <option value="">All streams</option>
              {choices.data?.streams.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
            <Select
              label="Host"
              className="w-36"
              value={address.host ?? ''}
              onChange={(e) => void set({ host: e.target.value || null }, { history: 'push' })}
            >
              <option value="">All hosts</option>
              {all?.hosts.map((host) => (
                <option key={host.id}>{host.name}</option>
              ))}
            </Select>
            <Select
              label="Colour"
              className="w-36"
              value={address.colour}
              onChange={(e) => void set({ colour: e.target.value as (typeof COLOURS)[number] })}
            >
              <option value="events">Events/s</option>
              <option value="bytes">Bytes/s</option>
            </Select>
            <Segmented
              label="Map or table"
              value={address.view}
              choices={[
                ['map', 'Map'],
                ['table', 'Table'],
              ]}
              onChange={(view) => void set({ view })}
            />
            {address.view === 'table' ? null : (
              <Segmented
                label="What a box stands for"
                value={address.layout}
                choices={[
                  ['grid', 'Equal boxes'],
                  ['tree', 'Size = bytes'],
                ]}
                onChange={(layout) => void set({ layout })}
              />
            )}
            <div className="ml-auto flex items-center gap-3">
              <p role="status" className="tabular text-soft text-sm">
                {cells === undefined
                  ? ''
                  : `${formatCounted(cells.total, 'shardlet')} on ${formatCounted(cells.hosts.length, 'host')}`}
              </p>
              <TakeAway
                name="shard-map-hosts"
                rows={cells === undefined ? [] : (hostSums(cells) as unknown as Record<string, unknown>[])}
                curl={() => trpcCurl('shardMap.picture', { stream: address.stream })}
              />
            </div>
          </div>
        }
      >
        {all === undefined || cells === undefined ? null : address.view === 'table' ? (
          <HostTable cells={cells} onHost={(host) => void set({ host, view: 'map' }, { history: 'push' })} />
        ) : (
          <ShardFigure
            cells={cells}
            allHosts={all.hosts}
            moves={running}
            layoutKind={address.layout}
            colour={address.colour}
            palette={address.palette}
            pinned={address.at === null ? undefined : indexOfShardlet(cells, address.at)}
            onPalette={(palette) => void set({ palette })}
            onPin={(index) => void set({ at: index === undefined ? null : cells.ids[index]! })}
            onHost={(host) => void set({ host }, { history: 'push' })}
          />
        )}
      </ListPage>
      <MoveTable moves={running} error={moves.error?.message} />
    </div>
  );
}

/** The part of one host; of a host that is not there, nothing. */
function onlyHost(cells: ShardCells, name: string | null): ShardCells {
  const host = cells.hosts.find((h) => h.name === name);
  if (name === null) return cells;
  const { first, count } = host ?? { first: 0, count: 0 };
  const cut = <A extends Float64Array | Float32Array | Uint16Array | Uint8Array>(column: A) =>
    column.subarray(first, first + count) as A;
  return {
    ...cells,
    total: count,
    hosts: host === undefined ? [] : [{ ...host, first: 0 }],
    ids: cut(cells.ids),
    streamIndex: cut(cells.streamIndex),
    events: cut(cells.events),
    bytesIn: cut(cells.bytesIn),
    stored: cut(cells.stored),
    states: cut(cells.states),
  };
}

function NoShardlets() {
  return (
    <div className="border-line border-t">
      <Notice
        title="There is no shardlet yet"
        why="Shardlets come with a stream and lie on hosts; a stream is made on the page Streams."
      >
        <Command text="npm run foreshard -- hosts add NAME redis://127.0.0.1:6379" />
      </Notice>
    </div>
  );
}
