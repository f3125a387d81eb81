/**
 * Where each shardlet lies, in CSS pixels. `grid`: a block for each host, in it equal squares in the order of ids,
 * so that a shardlet keeps its place and loads can be compared by eye. `tree`: a squarified treemap whose
 * areas are bytes.
 */
import { hierarchy, treemap, treemapSquarify } from 'd3-hierarchy';
import type { HostBlock, ShardCells } from './shard-cells.ts';

export const LAYOUTS = ['grid', 'tree'] as const;
export type LayoutKind = (typeof LAYOUTS)[number];

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface BlockBox extends Box {
  /** height of the name above the cells of a host; 0: no room for it */
  readonly head: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly blocks: readonly BlockBox[];
  /** four numbers a shardlet: x, y, width, height */
  readonly boxes: Float32Array;
}

const GAP = 6;
/** Height of a name by the width of its block: below the last one names are unreadable. */
const HEADS = [
  [64, 20],
  [36, 12],
] as const;
const CELL_MAX = 44;
/** Among equal cells the picture is better with more hosts in a row, as long as a row of a host is not a column. */
const CELLS_IN_ROW_MIN = 5;
/** Cells may be smaller by this factor where that makes room for names. */
const NAMES_WORTH = 0.6;
const HEIGHT_MAX = 620;
/** With more hosts the picture grows, up to a height that still scrolls quickly. */
const HEIGHT_MAX_OF_MANY = 1_080;
const HEIGHT_PER_ROW_OF_HOSTS = 54;
const HEIGHT_MIN = 220;
/** What has no bytes is still there: this share of the average. */
const TREE_SHARE_MIN = 0.05;
/** A host without shardlets is a place to drop one on: this share of the average host. */
const EMPTY_HOST_SHARE = 0.35;
/** A tree has blocks of all sizes: most of them are wider than this share of the average. */
const TREE_WIDTH_SHARE = 0.7;

export function layoutOf(cells: ShardCells, kind: LayoutKind, width: number): Layout {
  if (width <= 0 || cells.hosts.length === 0)
    return { width, height: HEIGHT_MIN, blocks: [], boxes: new Float32Array(0) };
  return kind === 'tree' ? treeLayout(cells, width) : gridLayout(cells, width);
}

interface GridShape {
  readonly columns: number;
  readonly cell: number;
  readonly perRow: number;
  readonly head: number;
  readonly blockWidth: number;
  readonly blockHeight: number;
}

function gridLayout(cells: ShardCells, width: number): Layout {
  const shape = bestGrid(cells.hosts, width);
  const { columns, cell, perRow, head, blockWidth, blockHeight } = shape;
  const boxes = new Float32Array(cells.total * 4);
  const blocks = cells.hosts.map((host, h): BlockBox => {
    const x = (h % columns) * (blockWidth + GAP);
    const y = Math.floor(h / columns) * (blockHeight + GAP);
    for (let i = 0; i < host.count; i++)
      boxes.set(
        [x + (i % perRow) * cell, y + head + Math.floor(i / perRow) * cell, cell, cell],
        (host.first + i) * 4,
      );
    return { x, y, width: blockWidth, height: blockHeight, head };
  });
  const rows = Math.ceil(cells.hosts.length / columns);
  return { width, height: rows * (blockHeight + GAP) - GAP, blocks, boxes };
}

/** Of all numbers of columns the one with the largest cells that still fits the height; names are worth some size. */
function bestGrid(hosts: readonly HostBlock[], width: number): GridShape {
  const most = Math.max(1, ...hosts.map((h) => h.count));
  let [best, named]: (GridShape | undefined)[] = [];
  for (let columns = 1; columns <= hosts.length; columns++) {
    const shape = gridWith(columns, hosts.length, most, width);
    if (shape === undefined) continue;
    if (isBetter(shape, best)) best = shape;
    if (shape.head > 0 && isBetter(shape, named)) named = shape;
  }
  if (best === undefined) return gridWith(Math.ceil(Math.sqrt(hosts.length)), hosts.length, most, width, 1)!;
  return named !== undefined && named.cell >= best.cell * NAMES_WORTH ? named : best;
}

function isBetter(shape: GridShape, best: GridShape | undefined): boolean {
  if (best === undefined || shape.cell > best.cell * 1.001) return true;
  return shape.cell > best.cell * 0.999 && shape.perRow >= CELLS_IN_ROW_MIN;
}

function gridWith(
  columns: number,
  hosts: number,
  most: number,
  width: number,
  cellMin = 0,
): GridShape | undefined {
  const rows = Math.ceil(hosts / columns);
  const blockWidth = (width - (columns - 1) * GAP) / columns;
  const head = headOf(blockWidth);
  const room = (heightMax(hosts) - (rows - 1) * GAP) / rows - head;
  if (blockWidth < 4 || (room < 2 && cellMin === 0)) return undefined;
  for (let perRow = 1; perRow <= most; perRow++) {
    // the first width of a row at which all rows fit has the largest cells
    const cell = Math.min(CELL_MAX, blockWidth / perRow);
    const lines = Math.ceil(most / perRow);
    if (lines * cell <= room || perRow === most) {
      const wide = Math.max(perRow, Math.floor(blockWidth / cell));
      const height = Math.ceil(most / wide) * cell;
      return {
        columns,
        cell: Math.max(cell, cellMin),
        perRow: wide,
        head,
        blockWidth,
        blockHeight: head + height,
      };
    }
  }
  return undefined;
}

function headOf(blockWidth: number): number {
  return HEADS.find(([least]) => blockWidth >= least)?.[1] ?? 0;
}

function heightMax(hosts: number): number {
  const wanted = Math.sqrt(hosts) * HEIGHT_PER_ROW_OF_HOSTS;
  return Math.min(HEIGHT_MAX_OF_MANY, Math.max(HEIGHT_MAX, wanted));
}

function treeHeight(hosts: number, width: number): number {
  const most = heightMax(hosts);
  const share = most > HEIGHT_MAX ? 0.9 : 0.55;
  return Math.min(most, Math.max(HEIGHT_MIN, width * share));
}

interface Node {
  readonly index: number;
  readonly value: number;
  readonly children?: readonly Node[];
}

function treeLayout(cells: ShardCells, width: number): Layout {
  const height = treeHeight(cells.hosts.length, width);
  const head = headOf((width / Math.sqrt(cells.hosts.length)) * TREE_WIDTH_SHARE);
  const known = cells.stored.reduce((sum, v) => sum + (v || 0), 0);
  const least = known > 0 ? (known / cells.total) * TREE_SHARE_MIN : 1;
  const areaOf = (i: number) => Math.max(least, cells.stored[i]! || 0);
  const total = Array.from({ length: cells.total }, (_, i) => areaOf(i)).reduce((sum, v) => sum + v, 0);
  const ofEmpty = total === 0 ? 1 : (total / cells.hosts.length) * EMPTY_HOST_SHARE;
  const root: Node = {
    index: -1,
    value: 0,
    children: cells.hosts.map((host, index) => ({
      index,
      value: ofEmpty,
      children: Array.from({ length: host.count }, (_, i) => ({
        index: host.first + i,
        value: areaOf(host.first + i),
      })),
    })),
  };
  const tree = hierarchy<Node>(root, (node) => node.children).sum((node) =>
    node.children?.length ? 0 : node.value,
  );
  const drawn = treemap<Node>()
    .size([width, height])
    .tile(treemapSquarify)
    .paddingInner((node) => (node.depth === 0 ? GAP : 0))
    .paddingTop((node) => (node.depth === 1 ? headIn(node, head) : 0))(tree);
  const boxes = new Float32Array(cells.total * 4);
  const blocks: BlockBox[] = [];
  for (const block of drawn.children ?? []) {
    blocks[block.data.index] = { ...boxOf(block), head: headIn(block, head) };
    for (const leaf of block.children ?? [])
      boxes.set([leaf.x0, leaf.y0, leaf.x1 - leaf.x0, leaf.y1 - leaf.y0], leaf.data.index * 4);
  }
  return { width, height, blocks, boxes };
}

/** A flat block keeps its room for its cells. */
function headIn({ y0, y1 }: { y0: number; y1: number }, head: number): number {
  return y1 - y0 >= 2 * head ? head : 0;
}

function boxOf({ x0, x1, y0, y1 }: { x0: number; x1: number; y0: number; y1: number }): Box {
  return { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
}

export function boxAt({ boxes }: Layout, index: number): Box {
  const [x, y, width, height] = boxes.subarray(index * 4, index * 4 + 4);
  return { x: x ?? 0, y: y ?? 0, width: width ?? 0, height: height ?? 0 };
}

export function hostIndexAt({ blocks }: Layout, x: number, y: number): number | undefined {
  const h = blocks.findIndex((block) => block !== undefined && isIn(block, x, y));
  return h === -1 ? undefined : h;
}

/** The shardlet at a place: first its host, then among its cells. */
export function shardletAt(layout: Layout, cells: ShardCells, x: number, y: number): number | undefined {
  const host = cells.hosts[hostIndexAt(layout, x, y) ?? -1];
  if (host === undefined) return undefined;
  for (let i = host.first; i < host.first + host.count; i++) if (isIn(boxAt(layout, i), x, y)) return i;
  return undefined;
}

function isIn(box: Box, x: number, y: number): boolean {
  return x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height;
}

export const DIRECTIONS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
} as const;
export type Direction = keyof typeof DIRECTIONS;

/** The nearest shardlet that way; what lies aside counts as further away. */
export function neighbour(layout: Layout, from: number, direction: Direction): number {
  const [dx, dy] = DIRECTIONS[direction];
  const here = centre(layout.boxes, from);
  let best = from;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i * 4 < layout.boxes.length; i++) {
    const there = centre(layout.boxes, i);
    const along = (there.x - here.x) * dx + (there.y - here.y) * dy;
    if (along <= 0.01) continue;
    const aside = Math.abs((there.x - here.x) * dy) + Math.abs((there.y - here.y) * dx);
    const distance = along + aside * 3;
    if (distance < least) [best, least] = [i, distance];
  }
  return best;
}

function centre(boxes: Float32Array, i: number): { x: number; y: number } {
  return { x: boxes[i * 4]! + boxes[i * 4 + 2]! / 2, y: boxes[i * 4 + 1]! + boxes[i * 4 + 3]! / 2 };
}
