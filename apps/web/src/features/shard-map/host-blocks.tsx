/** What lies over the cells of a host: its name, that its shardlets wait, or that it is empty. */
import { useMemo } from 'react';
import { CONDITION_WORDS, isFrozen } from '../hosts/condition-words.ts';
import { commonPrefix, shortName } from './host-names.ts';
import type { BlockBox, Box, Layout } from './layout.ts';
import type { HostBlock, ShardCells } from './shard-cells.ts';

const HEAD_FOR_WIDE = 20;
/** Smaller blocks have no room for a word. */
const WORD_WIDTH = 72;
const WORD_HEIGHT = 18;

export function HostBlocks({ cells, layout }: { cells: ShardCells; layout: Layout }) {
  const prefix = useMemo(() => commonPrefix(cells.hosts.map(({ name }) => name)), [cells.hosts]);
  return cells.hosts.map((host, h) => {
    const box = layout.blocks[h];
    if (box === undefined) return null;
    const below = { ...box, y: box.y + box.head, height: box.height - box.head };
    return (
      <div key={host.id} aria-hidden className="pointer-events-none">
        {box.head === 0 ? null : <Name host={host} box={box} prefix={prefix} />}
        {host.count === 0 ? <Empty box={below} /> : null}
        {isFrozen(host.condition) ? <Frozen host={host} box={below} /> : null}
      </div>
    );
  });
}

function Name({ host, box, prefix }: { host: HostBlock; box: BlockBox; prefix: string }) {
  const isWide = box.head >= HEAD_FOR_WIDE;
  return (
    <span
      className={`absolute overflow-hidden whitespace-nowrap font-medium ${
        isFrozen(host.condition) ? 'text-bad' : 'text-soft'
      } ${isWide ? 'text-xs leading-5' : 'text-[9px] leading-3'}`}
      style={{ left: box.x, top: box.y, width: box.width }}
    >
      {shortName(host.name, prefix, box.width, isWide ? 'wide' : 'narrow')}
    </span>
  );
}

function Empty({ box }: { box: Box }) {
  return (
    <span
      className="absolute grid place-items-center rounded-sm border border-line-strong border-dashed text-2xs text-faint"
      style={placed(box)}
    >
      {hasRoom(box) ? 'empty' : ''}
    </span>
  );
}

function Frozen({ host, box }: { host: HostBlock; box: Box }) {
  return (
    <span
      className="absolute grid place-items-center border-2 border-bad-mark bg-[repeating-linear-gradient(45deg,transparent_0_6px,color-mix(in_srgb,var(--surface)_60%,transparent)_6px_9px)]"
      style={placed(box)}
    >
      {hasRoom(box) ? (
        <span className="rounded-sm bg-surface px-1 font-medium text-2xs text-bad">
          {CONDITION_WORDS[host.condition]}
        </span>
      ) : null}
    </span>
  );
}

function hasRoom({ width, height }: Box): boolean {
  return width >= WORD_WIDTH && height >= WORD_HEIGHT;
}

function placed({ x, y, width, height }: Box) {
  return { left: x, top: y, width, height: Math.max(3, height) };
}
