'use client';

/** What is pinned, a cell or a range: what, when, where, whose, which keys, where to go from here, and against what. */
import { annotations } from '@foreshard/core/operations';
import { Flag, X } from 'lucide-react';
import Link from 'next/link';
import { type ReactNode, useEffect, useRef } from 'react';
import { MayButton } from '../../components/may-button.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { useZone } from '../../components/zone.tsx';
import { formatCount, formatPercent } from '../../formatting/numbers.ts';
import { formatMoment } from '../../formatting/time.ts';
import { AddAnnotation } from '../annotations/add-annotation.tsx';
import { columnStartMs, type HeatCells, type Margins } from './heat-cells.ts';
import { figuresOf, type HeatPart, isOneCell } from './heat-part.ts';
import { formatValue, METRIC_TITLES } from './heat-words.ts';
import { keysOf, keyWords, partWords, placeWords } from './key-names.ts';
import { PinComparison } from './pin-comparison.tsx';
import { usePart } from './use-part.ts';

interface PinPanelProps {
  readonly cells: HeatCells;
  readonly margins: Margins;
  readonly pinned: HeatPart;
  readonly kept: HeatPart | undefined;
  /** annotations can be added to its stream */
  readonly canAnnotate: boolean;
  onClose(): void;
  onShard(shard: number): void;
  onKeep(): void;
  onForget(): void;
}

export function PinPanel(props: PinPanelProps) {
  const { cells, margins, pinned, kept, onForget } = props;
  const panel = useRef<HTMLDivElement>(null);
  useIntoView(panel, `${pinned.left} ${pinned.top} ${pinned.right} ${pinned.bottom}`);
  return (
    <div
      ref={panel}
      className="min-w-0 scroll-mt-16 scroll-mb-4 border-line border-t min-[1000px]:border-t-0 min-[1000px]:border-l"
    >
      {kept === undefined ? null : (
        <PinComparison cells={cells} margins={margins} kept={kept} pinned={pinned} onForget={onForget} />
      )}
      <PinCard {...props} />
    </div>
  );
}

/** Less of it than this is as good as out of sight. */
const SEEN_PX = 120;

/** Where there is no room beside the map, the panel lies under it, below the fold. */
function useIntoView(panel: React.RefObject<HTMLDivElement | null>, pinned: string): void {
  useEffect(() => {
    const element = panel.current;
    if (element === null || pinned === '') return;
    if (element.getBoundingClientRect().top <= window.innerHeight - SEEN_PX) return;
    const isCalm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
    element.scrollIntoView({ block: 'nearest', behavior: isCalm ? 'auto' : 'smooth' });
  }, [panel, pinned]);
}

function PinCard(props: PinPanelProps) {
  const { cells, pinned, onShard } = props;
  const under = usePart(cells, pinned);
  const state = { pending: under.isPending, error: under.error };
  return (
    <section
      aria-label={isOneCell(pinned) ? 'Pinned cell' : 'Pinned range'}
      className="grid content-start gap-4 px-5 py-4 text-sm max-[999px]:@2xl:grid-cols-3"
    >
      <PinHead {...props} />
      <PinFigures {...props} />
      <Under title="Shardlets there now" {...state}>
        {under.data?.shardlets.map((s) => (
          <li key={s.id} className="flex flex-wrap gap-x-2">
            <span className="font-mono text-xs">{s.id}</span>
            <button type="button" className="text-accent hover:underline" onClick={() => onShard(s.shard)}>
              shard {s.shard}
            </button>
            <Link href={`/hosts?q=${encodeURIComponent(s.owner)}`} className="text-accent hover:underline">
              {s.owner}
            </Link>
            {s.state === 'open' ? null : <span className="text-soft">{s.state}</span>}
          </li>
        ))}
        {under.data !== undefined && under.data.more > 0 ? (
          <li className="text-soft">and {formatCount(under.data.more)} more</li>
        ) : null}
      </Under>
      <Under title="Its top keys" {...state}>
        {under.data?.topKeys.map(({ key, hash, events }) => (
          <li key={hash} className="flex justify-between gap-3">
            <span className="truncate" title={key ?? undefined}>
              {key ?? <span className="text-faint">a key without a sampled name</span>}
            </span>
            <span className="text-soft">≥ {formatCount(events)}</span>
          </li>
        ))}
        {under.data?.topKeys.length === 0 ? <li className="text-soft">No key stood out.</li> : null}
      </Under>
    </section>
  );
}

function PinHead({ cells, pinned, kept, canAnnotate, onKeep, onClose }: PinPanelProps) {
  const { left, right, top, bottom } = pinned;
  const range = { from: cells.rows[top]!.from, to: cells.rows[bottom - 1]!.to };
  const place = {
    ...{ stream: cells.stream, fromMs: columnStartMs(cells, left) },
    ...(isOneCell(pinned) ? {} : { toMs: columnStartMs(cells, right) }),
    range: { ...range, name: `only ${placeWords(cells.rows, pinned)}` },
  };
  return (
    <div className="flex flex-wrap items-center justify-between gap-2 @2xl:col-span-full">
      <h2 className="font-medium">
        {kept === undefined ? '' : 'B: '}
        {isOneCell(pinned) ? 'Pinned cell' : 'Pinned range'}
      </h2>
      <div className="flex gap-2">
        {canAnnotate ? (
          <AddAnnotation place={place}>
            <MayButton
              may={annotations.add}
              size="icon"
              aria-label="Annotate what is pinned"
              title="Annotate"
            >
              <Flag />
            </MayButton>
          </AddAnnotation>
        ) : null}
        <Button onClick={onKeep} title="Keep this one, then pin another to compare with it">
          Compare
        </Button>
        <Button
          look="quiet"
          size="icon"
          aria-label={isOneCell(pinned) ? 'Unpin the cell' : 'Unpin the range'}
          onClick={onClose}
        >
          <X />
        </Button>
      </div>
    </div>
  );
}

function PinFigures({ cells, margins, pinned }: PinPanelProps) {
  const { zone } = useZone();
  const { average, share, peak, peakColumn, forecast } = figuresOf(cells, margins, pinned);
  const keys = keyWords(keysOf(cells.rows, pinned));
  const row = cells.rows[pinned.top]!;
  const positions = `positions ${row.from} to ${cells.rows[pinned.bottom - 1]!.to}`;
  return (
    <dl className="grid grid-cols-[auto_1fr] content-start gap-x-4 gap-y-1">
      <dt className="text-faint">{METRIC_TITLES[cells.metric]}</dt>
      <dd className="font-semibold">
        {formatValue(cells.metric, average)}
        {share === undefined || average === 0 ? null : (
          <span className="font-normal text-soft"> ({formatPercent(share)} of that time)</span>
        )}
      </dd>
      {pinned.right - pinned.left === 1 ? null : (
        <>
          <dt className="text-faint">Highest</dt>
          <dd>
            {formatValue(cells.metric, peak)} at {formatMoment(columnStartMs(cells, peakColumn), zone)}
          </dd>
        </>
      )}
      {forecast === undefined ? null : (
        <>
          <dt className="text-faint">Forecast</dt>
          <dd>{formatValue('forecast', forecast)} from now on, on average</dd>
        </>
      )}
      <dt className="text-faint">From</dt>
      <dd>{formatMoment(columnStartMs(cells, pinned.left), zone)}</dd>
      <dt className="text-faint">To</dt>
      <dd>{formatMoment(columnStartMs(cells, pinned.right), zone)}</dd>
      <dt className="text-faint">Keys</dt>
      <dd className="min-w-0 break-words" title={positions}>
        {keys ?? `none was sampled; ${partWords(cells.rows, pinned)}`}
      </dd>
    </dl>
  );
}

function Under({
  title,
  pending,
  error,
  children,
}: {
  title: string;
  pending: boolean;
  error: { message: string } | null;
  children: ReactNode;
}) {
  return (
    <div className="min-w-0">
      <h3 className="mb-1 text-xs text-faint">{title}</h3>
      {pending ? (
        <Skeleton className="h-12" />
      ) : error !== null ? (
        <p className="text-bad">{error.message}</p>
      ) : (
        <ul className="grid gap-0.5">{children}</ul>
      )}
    </div>
  );
}
