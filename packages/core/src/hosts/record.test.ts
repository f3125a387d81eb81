import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashKey, identify } from '../keyspace/index.ts';
import { addToDigest, EMPTY_DIGEST, sameDigest } from './digest.ts';
import {
  FRAME_HEADER_BYTES,
  frameIdentity,
  frameIsIntact,
  framePayload,
  framePosition,
  splitFrames,
  writeFrame,
} from './record.ts';

function frameOf(key: string, id: string, payload: string): Uint8Array {
  const body = new TextEncoder().encode(payload);
  const identity = new Uint32Array(4);
  const keyHash = hashKey(key);
  identify(keyHash, '/test', id, identity);
  const frame = new Uint8Array(FRAME_HEADER_BYTES + body.length);
  writeFrame(frame, 0, keyHash, identity, body, 0, body.length);
  return frame;
}

describe('frame', () => {
  test('gives back what was written', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string({ unit: 'grapheme' }), (key, id, payload) => {
        const frame = frameOf(key, id, payload);
        expect(new TextDecoder().decode(framePayload(frame))).toBe(payload);
        expect(framePosition(frame).hi).toBe(hashKey(key));
        expect(frameIdentity(frame)).toHaveLength(20);
        expect(frameIsIntact(frame)).toBe(true);
      }),
    );
  });

  test('any changed byte is found', () => {
    const frame = frameOf('key', '1', '{"n":1}');
    for (let i = 0; i < frame.length; i++) {
      const broken = frame.slice();
      broken[i]! ^= 1;
      expect(frameIsIntact(broken), `byte ${i}`).toBe(false);
    }
    expect(frameIsIntact(frame.subarray(0, frame.length - 1))).toBe(false);
    expect(frameIsIntact(frame.subarray(0, 10))).toBe(false);
  });

  test('concatenated frames come apart again', () => {
    const frames = ['a', 'bb', '', 'dddd'].map((payload, i) => frameOf('k', String(i), payload));
    const joined = Buffer.concat(frames);
    expect(splitFrames(joined).map((f) => Buffer.from(f))).toEqual(frames.map((f) => Buffer.from(f)));
  });
});

describe('digest', () => {
  const frame = frameOf('k', '1', 'payload');
  const one = addToDigest(EMPTY_DIGEST, 7, 1_790_000_000_000_000, frame);

  test('tells apart another seq, another time, another content', () => {
    expect(sameDigest(one, addToDigest(EMPTY_DIGEST, 8, 1_790_000_000_000_000, frame))).toBe(false);
    expect(sameDigest(one, addToDigest(EMPTY_DIGEST, 7, 1_790_000_000_000_001, frame))).toBe(false);
    expect(
      sameDigest(one, addToDigest(EMPTY_DIGEST, 7, 1_790_000_000_000_000, frameOf('k', '1', 'payloae'))),
    ).toBe(false);
  });

  test('is fixed for ever: Lua and SQL compute the same value', () => {
    expect(one).toMatchInlineSnapshot(`
      {
        "count": 1,
        "sum1": 15150705,
        "sum2": 63985080,
      }
    `);
  });
});
