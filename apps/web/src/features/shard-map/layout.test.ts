import { describe, expect, it } from 'vitest';
import { boxAt, hostIndexAt, LAYOUTS, layoutOf, neighbour, shardletAt } from './layout.ts';
import { hostIndexOf, type ShardCells } from './shard-cells.ts';

function cellsOf(counts: readonly number[], bytes: (i: number) => number = () => 1): ShardCells {
  const total = counts.reduce((sum, n) => sum + n, 0);
  let first = 0;
  const hosts = counts.map((count, h) => {
    const host = { id: h + 1, name: `host-${h + 1}`, condition: 'reachable' as const, first, count };
    first += count;
    return host;
  });
  return {
    total,
    hosts,
    streams: ['main'],
    ids: Float64Array.from({ length: total }, (_, i) => i + 1),
    streamIndex: new Uint16Array(total),
    events: new Float32Array(total),
    bytesIn: new Float32Array(total),
    stored: Float32Array.from({ length: total }, (_, i) => bytes(i)),
    states: new Uint8Array(total),
    sizesKnown: true,
  };
}

const SIZES = [[16, 16, 16, 16], [1], [0, 5], Array.from({ length: 400 }, () => 25)];

describe.each(LAYOUTS)('the %s', (kind) => {
  it.each(SIZES.map((counts) => [counts.length, counts] as const))(
    'of %d hosts gives each shardlet a place inside the picture, found again by its middle',
    (_, counts) => {
      const cells = cellsOf(counts, (i) => 1 + (i % 7));
      for (const width of [1_100, 360]) {
        const layout = layoutOf(cells, kind, width);
        for (let i = 0; i < cells.total; i++) {
          const box = boxAt(layout, i);
          expect(box.width * box.height).toBeGreaterThan(0);
          expect(box.x + box.width).toBeLessThanOrEqual(width + 0.1);
          expect(box.y + box.height).toBeLessThanOrEqual(layout.height + 0.1);
          const middle = [box.x + box.width / 2, box.y + box.height / 2] as const;
          expect(shardletAt(layout, cells, ...middle)).toBe(i);
          expect(hostIndexAt(layout, ...middle)).toBe(hostIndexOf(cells, i));
        }
      }
    },
  );

  // how long it takes is measured by the bench "console"
  it('finds each of 100,000 shardlets of 400 hosts again', () => {
    const counts = Array.from({ length: 400 }, () => 250);
    const cells = cellsOf(counts, (i) => i % 1_000);
    const layout = layoutOf(cells, kind, 1_100);
    const seen = Array.from({ length: 100 }, (_, i) => i * 997);
    const found = seen.map((i) => {
      const { x, y, width, height } = boxAt(layout, i);
      return shardletAt(layout, cells, x + width / 2, y + height / 2);
    });
    expect(found).toEqual(seen);
  });
});

it.each(LAYOUTS)('an empty host has a place to drop on in the %s, as large on every picture', (kind) => {
  const counts = [16, 0, 16, 0];
  const layout = layoutOf(cellsOf(counts), kind, 1_100);
  for (const [h, count] of counts.entries()) {
    const { x, y, width, height } = layout.blocks[h]!;
    if (count > 0) continue;
    expect(width).toBeGreaterThan(40);
    expect(height).toBeGreaterThan(30);
    expect(hostIndexAt(layout, x + width / 2, y + height / 2)).toBe(h);
    expect(shardletAt(layout, cellsOf(counts), x + width / 2, y + height / 2)).toBeUndefined();
  }
});

it.each(LAYOUTS)('400 hosts have room for their names in the %s', (kind) => {
  const layout = layoutOf(cellsOf(Array.from({ length: 400 }, () => 250)), kind, 1_100);
  expect(layout.height).toBeLessThanOrEqual(1_080);
  const named = layout.blocks.filter(({ width, height, head }) => head === 12 && width >= 24 && height >= 24);
  expect(named.length).toBeGreaterThan(380);
});

it('areas of the tree are bytes', () => {
  const layout = layoutOf(
    cellsOf([4], (i) => [100, 200, 300, 400][i]!),
    'tree',
    1_000,
  );
  const areas = [0, 1, 2, 3].map((i) => boxAt(layout, i)).map(({ width, height }) => width * height);
  expect(areas.map((a) => Math.round((10 * a) / areas.reduce((s, v) => s + v, 0)))).toEqual([1, 2, 3, 4]);
});

it('steps go to the next shardlet that way and stay at the border', () => {
  const cells = cellsOf([16, 16]);
  const layout = layoutOf(cells, 'grid', 1_100);
  expect(neighbour(layout, 0, 'ArrowRight')).toBe(1);
  expect(neighbour(layout, 1, 'ArrowLeft')).toBe(0);
  expect(neighbour(layout, 0, 'ArrowLeft')).toBe(0);
});
