'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ArrowRight } from 'lucide-react';
import Link from 'next/link';
import { useTheme } from 'next-themes';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTRPC } from '../../components/api.ts';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Loading } from '../../components/ui/skeleton.tsx';
import { useZone } from '../../components/zone.tsx';
import { formatClock } from '../../formatting/time.ts';
import { colourScale, colourTable, quantise } from '../heat/colour-scale.ts';
import { type HeatCells, unpack } from '../heat/heat-cells.ts';
import { paint } from '../heat/heat-image.ts';
import { formatValue } from '../heat/heat-words.ts';

const HOURS = 24;
const HOUR_MS = 3_600_000;
/** The picture is of ten minutes a column: it need not be newer than this. */
const REFRESH_MS = 60_000;
const SIZE = { columns: 144, rows: 48 };

/** A day of the busiest stream: keys from top to bottom, time to the right. */
export function MiniHeat() {
  const trpc = useTRPC();
  const { zone } = useZone();
  const endMs = useMinute();
  const heat = useQuery({
    ...trpc.heat.picture.queryOptions({ fromMs: endMs - HOURS * HOUR_MS, toMs: endMs, ...SIZE }),
    placeholderData: keepPreviousData,
  });
  const cells = useMemo(() => (heat.data === undefined ? undefined : unpack(heat.data)), [heat.data]);
  return (
    <Card aria-labelledby="day-title">
      <CardHead
        id="day-title"
        title="The last 24 hours"
        hint={cells === undefined ? undefined : `events of stream ${cells.stream}, keys over time`}
      >
        <Link
          href="/heat?span=24h"
          className="inline-flex items-center gap-1.5 font-medium text-accent text-sm hover:underline"
        >
          Heat map <ArrowRight aria-hidden className="size-3.5" />
        </Link>
      </CardHead>
      <div className="px-5 pb-4">
        {heat.error !== null && cells === undefined ? (
          <p className="py-8 text-center text-soft text-sm">
            {heat.error.data?.code === 'NOT_FOUND' ? '' : 'The recorded load cannot be read now: '}
            {heat.error.message}
          </p>
        ) : cells === undefined ? (
          <Loading className="h-46" />
        ) : (
          <>
            <Picture cells={cells} />
            <p aria-hidden className="tabular mt-1.5 flex justify-between text-2xs text-faint">
              {[0, 6, 12, 18].map((hour) => (
                <span key={hour}>{formatClock(endMs - (HOURS - hour) * HOUR_MS, zone).slice(0, 5)}</span>
              ))}
              <span>now</span>
            </p>
          </>
        )}
      </div>
    </Card>
  );
}

function Picture({ cells }: { cells: HeatCells }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { resolvedTheme } = useTheme();
  const scale = useMemo(() => colourScale(cells.metric, cells.values, 'auto', undefined), [cells]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the colour of zero follows the theme
  useEffect(() => {
    const zero = getComputedStyle(document.documentElement).getPropertyValue('--heat-zero').trim();
    const colours = colourTable('cividis', 0.5, zero);
    paint(canvas.current!, quantise(cells.values, scale), cells.columns, cells.rows.length, colours);
  }, [cells, scale, resolvedTheme]);
  return (
    <Link href="/heat?span=24h" className="block">
      <canvas
        ref={canvas}
        role="img"
        aria-label={`Events per second over the keys of stream ${cells.stream} in the last 24 hours; the brightest colour stands for ${formatValue(cells.metric, scale.max)} and more. Opens the heat map.`}
        className="heat-paper h-40 w-full rounded-md border border-line [image-rendering:pixelated]"
      />
    </Link>
  );
}

function useMinute(): number {
  const [endMs, setEndMs] = useState(wholeMinute);
  useEffect(() => {
    const timer = setInterval(() => setEndMs(wholeMinute()), REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  return endMs;
}

function wholeMinute(): number {
  return Math.ceil(Date.now() / 60_000) * 60_000;
}
