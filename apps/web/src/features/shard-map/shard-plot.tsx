'use client';

/** The canvas with what lies over it: names of hosts, the cursor, the pinned shardlet, arrows of moves. */
import { useTheme } from 'next-themes';
import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import type { MovingShardlet } from '../../server/shard-map/shard-picture.ts';
import { type ColourScale, colourTable, type Palette, quantise } from '../heat/colour-scale.ts';
import { HostBlocks } from './host-blocks.tsx';
import { type Box, boxAt, DIRECTIONS, type Direction, type Layout, neighbour, shardletAt } from './layout.ts';
import { indexOfShardlet, type ShardCells } from './shard-cells.ts';
import { paintShards } from './shard-paint.ts';
import { type Drag, useDrag } from './use-drag.ts';

/** More arrows hide the map. */
const ARROWS_MAX = 40;

export interface ShardPlotProps {
  readonly cells: ShardCells;
  readonly layout: Layout;
  readonly values: Float32Array;
  readonly scale: ColourScale;
  readonly palette: Palette;
  readonly moves: readonly MovingShardlet[];
  readonly pinned: number | undefined;
  readonly label: string;
  readText(index: number): string;
  onPin(index: number | undefined): void;
  /** a shardlet was let go over another host, by its place in `cells` */
  onDrop(index: number, host: number): void;
}

export function ShardPlot(props: ShardPlotProps) {
  const { cells, layout, values, scale, palette, moves, pinned, label, readText, onPin, onDrop } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [cursor, setCursor] = useState<{ index: number; spoken: boolean }>();
  const { drag, handlers } = useDrag(layout, cells, onDrop);
  const { resolvedTheme } = useTheme();
  const steps = useMemo(() => quantise(values, scale), [values, scale]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the colour of zero follows the theme
  useEffect(() => {
    const zero = getComputedStyle(document.documentElement).getPropertyValue('--box-none').trim();
    const colours = colourTable(palette, 0.5, zero);
    paintShards(canvas.current!, layout, steps, colours, window.devicePixelRatio);
  }, [layout, steps, palette, resolvedTheme]);

  function onPointer(event: PointerEvent<HTMLElement>): number | undefined {
    const box = event.currentTarget.getBoundingClientRect();
    return shardletAt(layout, cells, event.clientX - box.left, event.clientY - box.top);
  }
  function onKeyDown(event: KeyboardEvent) {
    const from = cursor?.index ?? pinned ?? 0;
    if (event.key in DIRECTIONS)
      setCursor({
        index: cursor === undefined ? from : neighbour(layout, from, event.key as Direction),
        spoken: true,
      });
    else if (event.key === 'Enter' || event.key === ' ') onPin(from);
    else if (event.key === 'Escape') onPin(undefined);
    else return;
    event.preventDefault();
  }
  const shown = cursor?.index;
  const text = shown === undefined || shown >= cells.total ? '' : readText(shown);
  return (
    <div>
      <div
        role="application"
        aria-label={label}
        aria-describedby="shard-map-keys"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the map has a cursor of its own
        tabIndex={0}
        className={`relative overflow-hidden select-none ${drag === undefined ? 'cursor-crosshair' : 'cursor-grabbing'}`}
        style={{ height: layout.height }}
        {...handlers}
        onPointerMove={(event) => {
          handlers.onPointerMove(event);
          const index = onPointer(event);
          setCursor(index === undefined ? undefined : { index, spoken: false });
        }}
        onPointerLeave={() => setCursor(undefined)}
        onClick={(event) => onPin(onPointer(event as unknown as PointerEvent<HTMLElement>))}
        onKeyDown={onKeyDown}
      >
        <canvas ref={canvas} aria-hidden className="absolute inset-0 size-full" />
        <HostBlocks cells={cells} layout={layout} />
        {pinned === undefined || pinned >= cells.total ? null : (
          <Outline
            box={boxAt(layout, pinned)}
            className="border-2 border-text shadow-[0_0_0_2px_var(--surface)]"
          />
        )}
        {drag !== undefined || shown === undefined || shown >= cells.total ? null : (
          <Outline box={boxAt(layout, shown)} className="border-2 border-text" />
        )}
        <Arrows cells={cells} layout={layout} moves={moves} />
        {drag === undefined ? null : <Dragged drag={drag} cells={cells} layout={layout} />}
      </div>
      <p id="shard-map-keys" className="sr-only">
        Arrow keys go from shardlet to shardlet, Enter pins one, Escape lets go. What is pinned can be
        simulated on another host. The same data is in the table.
      </p>
      <p aria-hidden className="tabular mt-2 h-5 truncate text-soft text-xs">
        {(drag === undefined ? text : dragText(drag, cells)) ||
          'Point at a shardlet, or step with the arrow keys; a click or Enter pins it. Drag one to another host to simulate its move.'}
      </p>
      <p aria-live="polite" className="sr-only">
        {cursor?.spoken ? text : ''}
      </p>
    </div>
  );
}

function dragText({ index, host }: Drag, cells: ShardCells): string {
  const shardlet = `shardlet ${cells.ids[index]}`;
  return host === undefined
    ? `Drag ${shardlet} to another host; Escape lets go.`
    : `Let go to simulate ${shardlet} on ${cells.hosts[host]!.name}; nothing is moved.`;
}

/** Where it comes from, and the host that it would lie on. */
function Dragged({ drag, cells, layout }: { drag: Drag; cells: ShardCells; layout: Layout }) {
  const from = boxAt(layout, drag.index);
  return (
    <>
      {drag.host === undefined ? null : (
        <Outline box={layout.blocks[drag.host]!} className="border-2 border-accent bg-accent/15" />
      )}
      <svg aria-hidden="true" className="pointer-events-none absolute inset-0 size-full">
        <line
          x1={from.x + from.width / 2}
          y1={from.y + from.height / 2}
          x2={drag.x}
          y2={drag.y}
          strokeWidth="2"
          strokeDasharray="5 4"
          className="stroke-text"
        />
      </svg>
      <span
        aria-hidden
        className="pointer-events-none absolute -translate-y-full rounded-md border border-line-strong bg-surface px-2 py-1 font-mono text-xs shadow-sm"
        style={{ left: Math.min(drag.x + 10, layout.width - 90), top: Math.max(28, drag.y - 6) }}
      >
        {cells.ids[drag.index]}
        {drag.host === undefined ? '' : ` → ${cells.hosts[drag.host]!.name}`}
      </span>
    </>
  );
}

function Outline({ box, className }: { box: Box; className: string }) {
  const grown = 2;
  return (
    <span
      aria-hidden
      className={`pointer-events-none absolute rounded-[3px] ${className}`}
      style={{
        left: box.x - grown,
        top: box.y - grown,
        width: Math.max(6, box.width) + 2 * grown - 1,
        height: Math.max(6, box.height) + 2 * grown - 1,
      }}
    />
  );
}

function Arrows({
  cells,
  layout,
  moves,
}: {
  cells: ShardCells;
  layout: Layout;
  moves: readonly MovingShardlet[];
}) {
  const lines = moves.slice(0, ARROWS_MAX).flatMap((move) => {
    const index = indexOfShardlet(cells, move.shardlet);
    const dest = layout.blocks[cells.hosts.findIndex((host) => host.id === move.destId)];
    if (index === undefined || dest === undefined) return [];
    const from = boxAt(layout, index);
    return [
      {
        id: move.shardlet,
        x1: from.x + from.width / 2,
        y1: from.y + from.height / 2,
        x2: dest.x + dest.width / 2,
        y2: dest.y + dest.head + (dest.height - dest.head) / 2,
      },
    ];
  });
  if (lines.length === 0) return null;
  return (
    <svg aria-hidden="true" className="pointer-events-none absolute inset-0 size-full">
      <defs>
        <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
          <path d="M0 0 8 4 0 8z" className="fill-text" />
        </marker>
      </defs>
      {lines.map(({ id, ...line }) => (
        <g key={id}>
          <line {...line} strokeWidth="4" className="stroke-surface" />
          <line {...line} strokeWidth="1.75" className="stroke-text" markerEnd="url(#arrow)" />
          <circle cx={line.x1} cy={line.y1} r="4" strokeWidth="2" className="fill-surface stroke-text" />
        </g>
      ))}
    </svg>
  );
}
