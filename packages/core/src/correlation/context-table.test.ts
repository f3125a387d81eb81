import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../telemetry/index.ts';
import {
  ContextTable,
  FIRST_COUNT,
  TOTAL_LONG,
  TOTAL_SHORT,
  WEIGHT_LONG,
  WEIGHT_SHORT,
} from './context-table.ts';

const MEMORIES = { long: 100, short: 10 };
const HASH = 0x1234560;

function tableWith(types: readonly number[], width = 4): { table: ContextTable; slot: number } {
  const table = new ContextTable(16, width, MEMORIES);
  const slot = table.claim(HASH);
  for (const type of types) table.learn(slot, type);
  return { table, slot };
}

function listOf(table: ContextTable, slot: number): number[] {
  const list = table.typesAt(slot);
  return [...table.halves.slice(list, list + table.sizeOf(slot))];
}

function countsOf(table: ContextTable, slot: number): { long: number[]; short: number[] } {
  const row = slot * table.stride;
  const [long, short] = [table.rows[row + WEIGHT_LONG]!, table.rows[row + WEIGHT_SHORT]!];
  const size = table.sizeOf(slot);
  const from = row + FIRST_COUNT;
  return {
    long: [...table.rows.slice(from, from + size)].map((count) => count / long),
    short: [...table.rows.slice(from + table.width, from + table.width + size)].map((count) => count / short),
  };
}

describe('a context', () => {
  it('is found by its hash alone', () => {
    const { table, slot } = tableWith([]);
    expect(table.find(HASH)).toBe(slot);
    expect(table.find(HASH + 16)).toBe(-1);
  });

  it('lists the types that followed, most frequent first', () => {
    const { table, slot } = tableWith([1, 2, 2, 3, 3, 3]);
    expect(listOf(table, slot)).toEqual([3, 2, 1]);
  });

  it('fades in both memories with its own visits', () => {
    const { table, slot } = tableWith([1, ...Array<number>(100).fill(2)]);
    const { long, short } = countsOf(table, slot);
    expect(long[1]).toBeCloseTo(0.5, 3);
    expect(short[1]).toBeCloseTo(2 ** -10, 5);
    const row = slot * table.stride;
    expect(table.rows[row + TOTAL_LONG]! / table.rows[row + WEIGHT_LONG]!).toBeCloseTo(
      long[0]! + long[1]!,
      2,
    );
    expect(table.rows[row + TOTAL_SHORT]! / table.rows[row + WEIGHT_SHORT]!).toBeCloseTo(
      short[0]! + short[1]!,
      3,
    );
  });

  it('keeps its shares over any number of visits', () => {
    const types = Array.from({ length: 20_000 }, (_, i) => (i % 4 === 0 ? 7 : 8));
    const { table, slot } = tableWith(types);
    const { long, short } = countsOf(table, slot);
    expect(listOf(table, slot)).toEqual([8, 7]);
    expect(long[0]! / (long[0]! + long[1]!)).toBeCloseTo(0.75, 1);
    expect(short[0]! / (short[0]! + short[1]!)).toBeCloseTo(0.75, 1);
    expect(table.rows.every((value) => Number.isFinite(value))).toBe(true);
  });

  it('gives the place of its rarest type to a new one, with nothing counted', () => {
    const { table, slot } = tableWith([1, 1, 1, 2, 2, 3, 4, 4, 5], 4);
    expect(listOf(table, slot).sort()).toEqual([1, 2, 4, 5]);
    expect(countsOf(table, slot).long[listOf(table, slot).indexOf(5)]).toBeCloseTo(1, 5);
  });

  it('leaves when it is the least used of a full group, and the used ones stay', () => {
    const { table } = tableWith([1, 1, 1, 1]);
    const others = [1, 2, 3].map((i) => HASH + 0x1000 * i);
    for (const hash of others) table.learn(table.claim(hash), 1);
    table.learn(table.find(others[0]!), 1);
    table.learn(table.find(others[2]!), 1);
    table.claim(HASH + 0x9000);
    expect([HASH, ...others, HASH + 0x9000].map((hash) => table.find(hash) >= 0)).toEqual([
      true,
      true,
      false,
      true,
      true,
    ]);
  });

  it('starts empty where another one left', () => {
    const { table } = tableWith([1, 1, 1]);
    for (let i = 1; i <= 4; i++) table.learn(table.claim(HASH + 0x1000 * i), 5);
    for (let i = 0; i < 8; i++) table.learn(table.claim(HASH + 0x8000 + 0x1000 * i), 6);
    for (let i = 0; i < 4; i++) {
      const slot = table.claim(HASH + 0x70000 + 0x1000 * i);
      expect(listOf(table, slot)).toEqual([]);
      table.learn(slot, 9);
      expect(countsOf(table, slot)).toEqual({ long: [1], short: [1] });
      expect(table.find(HASH + 0x70000 + 0x1000 * i)).toBe(slot);
    }
  });

  it('comes back from bytes as it was, and only from those of a table of its size', () => {
    const { table, slot } = tableWith([1, 2, 2, 3]);
    const out = new ByteWriter();
    table.write(out);
    const again = new ContextTable(16, 4, MEMORIES);
    again.read(new ByteReader(out.finish()));
    expect(again.find(HASH)).toBe(slot);
    expect([listOf(again, slot), countsOf(again, slot)]).toEqual([
      listOf(table, slot),
      countsOf(table, slot),
    ]);
    expect(() => new ContextTable(32, 4, MEMORIES).read(new ByteReader(out.finish()))).toThrow(
      'number of contexts',
    );
    expect(() => new ContextTable(16, 6, MEMORIES).read(new ByteReader(out.finish()))).toThrow('width');
  });
});
