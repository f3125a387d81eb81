import { describe, expect, it } from 'vitest';
import { WHOLE } from '../keyspace/index.ts';
import type { Stream } from '../topology/index.ts';
import { attributesOf } from './fields.ts';
import { engineOptionsOf, isSameModel, learnedStreams, rangeOfSlice, STREAMS_MAX } from './slice-settings.ts';

const SETTINGS = { share: 1, slices: 2, memoryBytes: 16_000_000, attributes: ['/a'] };

describe('settings of a slice', () => {
  it('give the model as much as the memory holds', () => {
    const { model, map } = engineOptionsOf(SETTINGS);
    expect(model).toEqual({
      ...{ attributes: ['/a'], contextsMax: 32_768, wideContextsMax: 4_096, keysMax: 8_192, typesMax: 8_192 },
    });
    expect(map.keysMax).toBe(4_096);
    expect(engineOptionsOf({ ...SETTINGS, memoryBytes: 1e9 }).model).toMatchObject({
      ...{ contextsMax: 1 << 18, typesMax: 65_528 },
    });
    expect(engineOptionsOf({ ...SETTINGS, memoryBytes: 1 }).model.contextsMax).toBe(1_024);
  });

  it('keep the model when only the share changes', () => {
    expect(isSameModel(SETTINGS, { ...SETTINGS, share: 0.1 })).toBe(true);
    for (const other of [
      { slices: 3 },
      { memoryBytes: 1_000_000 },
      { attributes: ['/b'] },
      { attributes: [] },
    ])
      expect(isSameModel(SETTINGS, { ...SETTINGS, ...other })).toBe(false);
  });

  it('divide all keys', () => {
    const ranges = [0, 1, 2].map((slice) => rangeOfSlice(slice, 3));
    expect(ranges[0]!.from).toEqual(WHOLE.from);
    expect(ranges[2]!.to).toEqual(WHOLE.to);
    expect([ranges[0]!.to, ranges[1]!.to]).toEqual([ranges[1]!.from, ranges[2]!.from]);
    expect(rangeOfSlice(0, 1)).toEqual(WHOLE);
  });
});

it('attributes are those of the stream, or of all others', () => {
  const fields = { orders: ['/data/user'], '*': ['/type'] };
  expect(attributesOf(fields, 'orders')).toEqual(['/data/user']);
  expect(attributesOf(fields, 'main')).toEqual(['/type']);
  expect(attributesOf({}, 'main')).toEqual([]);
});

it('learns the first streams whose keys are not split', () => {
  const streams = Array.from({ length: 20 }, (_, i) => ({ id: 20 - i, splitKeys: i === 19 }) as Stream);
  const learned = learnedStreams({ streams: () => streams }).map(({ id }) => id);
  expect(learned).toEqual(Array.from({ length: STREAMS_MAX }, (_, i) => i + 2));
});
