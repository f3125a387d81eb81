'use client';

import { useRouter } from 'next/navigation';
import { useMemo, useRef } from 'react';
import { Segmented } from '../../components/ui/segmented.tsx';
import { formatBytes, formatRate } from '../../formatting/numbers.ts';
import type { MovingShardlet } from '../../server/shard-map/shard-picture.ts';
import { type ChosenPalette, colourAt, colourScale, PALETTES } from '../heat/colour-scale.ts';
import { legendTexts } from '../heat/heat-words.ts';
import { useDrawnSize } from '../heat/use-drawn-size.ts';
import { CONDITION_WORDS, isFrozen } from '../hosts/condition-words.ts';
import { whatIfLink } from '../what-if/what-if-address.ts';
import { type LayoutKind, layoutOf } from './layout.ts';
import { ShardCard } from './shard-card.tsx';
import { type HostBlock, hostOf, type ShardCells } from './shard-cells.ts';
import { ShardPlot } from './shard-plot.tsx';

const STOPS = 12;
const TICKS = [0, 0.25, 0.5, 0.75, 1];

export interface ShardFigureProps {
  readonly cells: ShardCells;
  /** those that are not shown as well */
  readonly allHosts: readonly HostBlock[];
  readonly moves: readonly MovingShardlet[];
  readonly layoutKind: LayoutKind;
  readonly colour: 'events' | 'bytes';
  readonly palette: ChosenPalette;
  readonly pinned: number | undefined;
  onPalette(palette: ChosenPalette): void;
  onPin(index: number | undefined): void;
  onHost(host: string): void;
}

export function ShardFigure(props: ShardFigureProps) {
  const { cells, allHosts, moves, layoutKind, colour, palette, pinned, onPalette, onPin, onHost } = props;
  const router = useRouter();
  const box = useRef<HTMLDivElement>(null);
  const { width } = useDrawnSize(box);
  const layout = useMemo(() => layoutOf(cells, layoutKind, width), [cells, layoutKind, width]);
  const values = colour === 'events' ? cells.events : cells.bytesIn;
  const scale = useMemo(() => colourScale(colour, values, 'auto', undefined), [colour, values]);
  return (
    <figure>
      <div className="border-line border-t px-5 pt-4 pb-2">
        <div ref={box}>
          <ShardPlot
            cells={cells}
            layout={layout}
            values={values}
            scale={scale}
            palette={palette}
            moves={moves}
            pinned={pinned}
            label={`Map of ${cells.total} shardlets on ${cells.hosts.length} hosts, coloured by ${colour} per second`}
            readText={(index) => readText(cells, index)}
            onPin={onPin}
            onDrop={(index, host) => router.push(simulatedMove(cells, index, cells.hosts[host]!.id))}
          />
        </div>
        <figcaption className="mt-2 mb-3 flex flex-wrap items-start gap-x-6 gap-y-3 text-2xs text-soft">
          <Legend colour={colour} scale={scale} palette={palette} />
          <p className="flex items-center gap-1.5">
            <span aria-hidden className="size-3 rounded-[3px] border border-line-strong bg-(--box-none)" />{' '}
            none
          </p>
          {cells.hosts.some(({ condition }) => isFrozen(condition)) ? <FrozenLegend /> : null}
          <p className="max-w-sm">
            Colour: average over 60 s.{' '}
            {layoutKind === 'grid'
              ? 'Each box is a shardlet, in the order of ids.'
              : cells.sizesKnown
                ? 'Area: bytes stored in the last 24 h; what stored nothing keeps a small box.'
                : 'Bytes of the last 24 h cannot be read now, so all boxes are equal.'}
          </p>
          <div className="ml-auto">
            <Segmented
              label="Palette"
              value={palette}
              choices={PALETTES.map((p) => [p, p[0]!.toUpperCase() + p.slice(1)] as const)}
              onChange={onPalette}
            />
          </div>
        </figcaption>
      </div>
      {pinned === undefined || pinned >= cells.total ? null : (
        <ShardCard
          cells={cells}
          index={pinned}
          allHosts={allHosts}
          onClose={() => onPin(undefined)}
          onHost={onHost}
          onSimulate={(host) => router.push(simulatedMove(cells, pinned, host))}
        />
      )}
    </figure>
  );
}

function simulatedMove(cells: ShardCells, index: number, host: number) {
  return whatIfLink([{ kind: 'move', shardlet: String(cells.ids[index]), to: String(host) }]);
}

function Legend({
  colour,
  scale,
  palette,
}: {
  colour: 'events' | 'bytes';
  scale: ReturnType<typeof colourScale>;
  palette: ChosenPalette;
}) {
  const stops = Array.from({ length: STOPS + 1 }, (_, i) => colourAt(i / STOPS, palette, 0.5));
  const texts = legendTexts(
    colour,
    TICKS.map((share) => scale.valueAt(share)),
  );
  return (
    <div className="tabular w-72">
      <div
        aria-hidden
        className="h-2.5 rounded-sm"
        style={{ background: `linear-gradient(to right, ${stops.join(', ')})` }}
      />
      <ol aria-label="From the first colour to the last" className="mt-1 flex justify-between">
        {texts.map((text, i) => (
          <li key={TICKS[i]}>{text === texts[i - 1] ? '' : text}</li>
        ))}
      </ol>
    </div>
  );
}

function FrozenLegend() {
  return (
    <p className="flex items-center gap-1.5">
      <span aria-hidden className="size-3 border-2 border-bad-mark" /> shardlets wait for their host
    </p>
  );
}

const STATES = ['', ', moving', ', opening'];

function hostText(host: HostBlock | undefined): string {
  if (host === undefined) return 'no host';
  const { name, condition } = host;
  return isFrozen(condition) ? `${name} (${CONDITION_WORDS[condition].toLowerCase()})` : name;
}

function readText(cells: ShardCells, index: number): string {
  const host = hostText(hostOf(cells, index));
  const stream = cells.streams[cells.streamIndex[index]!] ?? '';
  const stored = cells.stored[index]!;
  const size = Number.isNaN(stored) ? '' : `, ${formatBytes(stored)} in 24 h`;
  return `Shardlet ${cells.ids[index]} of ${stream} on ${host}: ${formatRate(cells.events[index]!)} events/s, ${formatBytes(cells.bytesIn[index]!)}/s${size}${STATES[cells.states[index]!]}`;
}
