'use client';

/** The same data as a table, for who cannot or does not want to read colours. */
import Link from 'next/link';
import { useMemo } from 'react';
import { useZone } from '../../components/zone.tsx';
import { formatMoment } from '../../formatting/time.ts';
import { columnStartMs, type HeatCells, hottestRows, type Margins } from './heat-cells.ts';
import { formatValue } from './heat-words.ts';
import { keyWords, partWords } from './key-names.ts';

const ROWS = 50;

export function HeatTable({ cells, margins }: { cells: HeatCells; margins: Margins }) {
  const { zone } = useZone();
  const rows = useMemo(() => hottestRows(cells, margins, ROWS), [cells, margins]);
  if (rows.length === 0)
    return (
      <p className="px-5 py-8 text-center text-soft">
        {cells.metric === 'residual'
          ? 'Nothing that was forecast has come to be compared.'
          : 'There was no load in this time.'}
      </p>
    );
  return (
    <div className="overflow-x-auto">
      <table className="w-full text-sm">
        <caption className="px-5 py-2 text-left text-xs text-faint">
          The {rows.length} rows {cells.metric === 'residual' ? 'farthest off' : 'with the most'}, of{' '}
          {cells.rows.length}
        </caption>
        <thead>
          <tr className="border-line border-y bg-sunken text-left text-xs text-soft">
            <th scope="col" className="px-5 py-2 font-medium">
              Keys
            </th>
            <th scope="col" className="px-3 py-2 font-medium">
              Shard
            </th>
            <th scope="col" className="px-3 py-2 font-medium">
              Owner now
            </th>
            <th scope="col" className="px-3 py-2 text-right font-medium">
              {cells.metric === 'residual' ? 'Off on average' : 'Average'}
            </th>
            <th scope="col" className="px-3 py-2 text-right font-medium">
              {cells.metric === 'residual' ? 'Farthest off' : 'Highest'}
            </th>
            <th scope="col" className="px-5 py-2 text-right font-medium">
              At
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ row, average, peak, peakColumn }) => {
            const { from, to, shard, owner, keys } = cells.rows[row]!;
            return (
              <tr key={row} className="border-line border-b last:border-0">
                <td className="max-w-80 truncate px-5 py-1.5" title={`positions ${from} to ${to}`}>
                  {keyWords(keys) ?? (
                    <span className="text-soft">{partWords(cells.rows, { top: row, bottom: row + 1 })}</span>
                  )}
                </td>
                <td className="px-3 py-1.5 text-soft">{shard ?? '–'}</td>
                <td className="px-3 py-1.5">
                  {owner === null ? (
                    '–'
                  ) : (
                    <Link
                      href={`/hosts?q=${encodeURIComponent(owner)}`}
                      className="text-accent hover:underline"
                    >
                      {owner}
                    </Link>
                  )}
                </td>
                <td className="whitespace-nowrap px-3 py-1.5 text-right">
                  {formatValue(cells.metric === 'residual' ? 'events' : cells.metric, average)}
                </td>
                <td className="whitespace-nowrap px-3 py-1.5 text-right">
                  {formatValue(cells.metric, peak)}
                </td>
                <td className="whitespace-nowrap px-5 py-1.5 text-right text-soft">
                  {formatMoment(columnStartMs(cells, peakColumn), zone)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
