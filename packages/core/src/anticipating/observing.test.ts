import { describe, expect, it } from 'vitest';
import { FRAME_HEADER_BYTES, type StoredRecord, writeFrame } from '../hosts/index.ts';
import { hashKey, WHOLE } from '../keyspace/index.ts';
import { isSampled, sampledOf } from './observing.ts';
import { rangeOfSlice } from './slice-settings.ts';

function record(text: string, key: string): StoredRecord {
  const payload = new TextEncoder().encode(text);
  const frame = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  writeFrame(frame, 0, hashKey(key), Uint32Array.of(1, 2, 3, 4), payload, 0, payload.length);
  return { seq: 1, ts: 5_999, frame };
}

const all = { range: WHOLE, share: 1, attributes: ['/data/user', '/data/deep/n'] };
const event = (more: object) =>
  JSON.stringify({ specversion: '1.0', id: '1', source: '/s', type: 'a', ...more });

describe('what the model sees of a record', () => {
  it('is type, key, time and attributes', () => {
    const text = event({ subject: 'k', data: { user: 'u', deep: { n: 7 } } });
    expect(sampledOf([record(text, 'k')], 9, all)).toEqual([
      { type: 'a', key: 'k', timeMs: 5, attributes: ['u', '7'], shardlet: 9, keyHash: hashKey('k') },
    ]);
  });

  it('names the key as the edge does', () => {
    const keyOf = (more: object) => sampledOf([record(event(more), 'x')], 1, all)[0]!.key;
    expect(keyOf({ subject: 'k', partitionkey: 'p' })).toBe('p');
    expect(keyOf({ subject: 'k' })).toBe('k');
    expect(keyOf({})).toBe('/s');
  });

  it('is nothing of what is no event, and no more than a bit of a poisoned one', () => {
    for (const text of ['{', '7', 'null', '{"type":7,"subject":"k"}', '{"type":"a"}'])
      expect(sampledOf([record(text, 'k')], 1, all)).toEqual([]);
    const poisoned = event({ subject: 'k'.repeat(10_000), data: { user: { toString: 1 }, deep: 'x' } });
    const [seen] = sampledOf([record(poisoned, 'k')], 1, all);
    expect([seen!.key.length, seen!.attributes]).toEqual([512, ['', '']]);
  });
});

describe('sampling', () => {
  const keys = Array.from({ length: 4_000 }, (_, i) => `key-${i}`);

  it('takes all or no events of a key, and the share of the keys', () => {
    const taken = keys.filter((key) => isSampled(hashKey(key), 0.25));
    expect(taken.length / keys.length).toBeGreaterThan(0.22);
    expect(taken.length / keys.length).toBeLessThan(0.28);
    expect(keys.every((key) => isSampled(hashKey(key), 1))).toBe(true);
    expect(keys.some((key) => isSampled(hashKey(key), 0))).toBe(false);
  });

  it('keeps keys when the share grows', () => {
    const few = keys.filter((key) => isSampled(hashKey(key), 0.1));
    expect(few.every((key) => isSampled(hashKey(key), 0.5))).toBe(true);
  });

  it('gives each key to one slice', () => {
    const slicesOf = (key: string) =>
      [0, 1, 2].filter(
        (slice) =>
          sampledOf([record(event({ subject: key }), key)], 1, { ...all, range: rangeOfSlice(slice, 3) })
            .length,
      );
    const found = keys.slice(0, 300).map(slicesOf);
    expect(found.every((one) => one.length === 1)).toBe(true);
    expect(new Set(found.flat())).toEqual(new Set([0, 1, 2]));
  });
});
