import { writeFrame } from '@foreshard/core/hosts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pageBody } from './page-body.ts';

function frameOf(event: unknown): Uint8Array {
  const payload = new TextEncoder().encode(JSON.stringify(event));
  const frame = new Uint8Array(32 + payload.length);
  writeFrame(frame, 0, 1, new Uint32Array(4), payload, 0, payload.length);
  return frame;
}

const number = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const place = fc.record({ shard: number, shardlet: number, seq: number, ts: number });

describe('the body of a page', () => {
  it('is the JSON that writing the events anew would give', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(place, fc.jsonValue())), fc.nat(3), (events, late) => {
        const records = events.map(([where, event]) => ({ ...where, frame: frameOf(event) }));
        const body = pageBody('a-stream', records, late, { next: 'x', atHead: true });
        const expected = events.map(([{ shard, shardlet, seq, ts }, event], i) => ({
          stream: 'a-stream',
          shard,
          shardlet,
          seq,
          ts,
          ...(i < late ? { late: true } : {}),
          event: JSON.parse(JSON.stringify(event)),
        }));
        expect(JSON.parse(body.toString('utf8'))).toEqual({ events: expected, next: 'x', atHead: true });
      }),
    );
  });
});
