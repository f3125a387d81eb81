import { describe, expect, it } from 'vitest';
import type { HeatCells } from './heat-cells.ts';
import { commonPrefix, keysOf, keyWords, partWords, placeWords } from './key-names.ts';

const END = '10000000000000000';
const row = (from: string, to: string, shard: number | null, keys: string[] = [], keyEvents = 0) => ({
  ...{ from: from.padEnd(16, '0'), to: to === END ? END : to.padEnd(16, '0'), shard },
  ...{ owner: 'host-1', segments: 1, keys, keyEvents },
});
const rows: HeatCells['rows'] = [
  row('0', '4', 0),
  row('4', '8', 1, ['order-17', 'order-9'], 50),
  row('8', 'c', 2, ['order-23'], 80),
  row('c', END, null),
];

describe('what keys have in common', () => {
  it.each([
    [['order-17', 'order-1'], 'order-'],
    [['eu/order-17', 'eu/order-23', 'eu/item-1'], 'eu/'],
    [['order', 'ordinal'], ''],
    [['order-1', 'shop-1'], ''],
    [['order-', 'order-'], 'order-'],
    [['größe:1', 'größe:2'], 'größe:'],
    [[], ''],
  ])('%j: %j', (keys, prefix) => {
    expect(commonPrefix(keys)).toBe(prefix);
  });
});

describe('a place among the keys', () => {
  it('is named by its keys, the hottest first, each once', () => {
    expect(keysOf(rows, { top: 0, bottom: 4 })).toEqual(['order-23', 'order-17', 'order-9']);
    expect(keysOf([rows[1]!, rows[1]!], { top: 0, bottom: 2 })).toEqual(['order-17', 'order-9']);
    expect(placeWords(rows, { top: 0, bottom: 4 })).toBe('order-…: order-23, order-17, order-9');
    expect(placeWords(rows, { top: 2, bottom: 3 })).toBe('order-23');
  });

  it('says that there are more keys than it names', () => {
    expect(keyWords(['a', 'b', 'c'])).toBe('a, b, c');
    expect(keyWords(['a', 'b', 'c', 'd'])).toBe('a, b, c, …');
    expect(keyWords([])).toBeUndefined();
  });

  it('is its shard and its part of all keys where none was sampled, and never a hash', () => {
    expect(placeWords(rows, { top: 0, bottom: 1 })).toBe('shard 0, 0\u00a0% to 25\u00a0% of all keys');
    expect(placeWords(rows, { top: 3, bottom: 4 })).toBe('75\u00a0% to 100\u00a0% of all keys');
    expect(partWords([row('8', '8080', 1)], { top: 0, bottom: 1 })).toBe(
      '50\u00a0% to 50.2\u00a0% of all keys',
    );
  });
});
