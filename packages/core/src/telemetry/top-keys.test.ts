import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from './packing.ts';
import { TopKeys } from './top-keys.ts';

const FOLLOWED = 24;
const REPORTED_MAX = 8;
const keyed = fc.record({
  keyHash: fc.nat(2 ** 32 - 1),
  events: fc.integer({ min: 1, max: 20 }),
});

function counted(adds: readonly { keyHash: number; events: number }[]): TopKeys {
  const top = new TopKeys();
  for (const { keyHash, events } of adds) top.add(keyHash, events);
  return top;
}

test('of as many keys as are followed the heaviest are told, equal ones by their hash', () => {
  const keys = fc.uniqueArray(keyed, { selector: ({ keyHash }) => keyHash, maxLength: FOLLOWED });
  fc.assert(
    fc.property(keys, (adds) => {
      const heaviest = [...adds].sort((a, b) => b.events - a.events || a.keyHash - b.keyHash);
      expect(counted(adds).reported()).toEqual(heaviest.slice(0, REPORTED_MAX));
    }),
  );
});

test('no key is told more events than it had, however many there are', () => {
  const adds = fc.array(fc.record({ keyHash: fc.nat(40), events: fc.integer({ min: 1, max: 20 }) }), {
    maxLength: 300,
  });
  fc.assert(
    fc.property(adds, (all) => {
      const reported = counted(all).reported();
      expect(reported.length).toBeLessThanOrEqual(REPORTED_MAX);
      for (const { keyHash, events } of reported) {
        const had = all.filter((one) => one.keyHash === keyHash).reduce((sum, one) => sum + one.events, 0);
        expect(events).toBeLessThanOrEqual(had);
      }
    }),
  );
});

test('what is written is what is told, and whoever listens hears of each', () => {
  fc.assert(
    fc.property(fc.array(keyed, { maxLength: 60 }), (adds) => {
      const top = counted(adds);
      const out = new ByteWriter();
      const heard: number[] = [];
      top.write(out, (keyHash) => heard.push(keyHash));
      const read = new TopKeys();
      read.addFrom(new ByteReader(out.finish()));
      expect(read.reported()).toEqual(top.reported());
      expect(heard).toEqual(top.reported().map(({ keyHash }) => keyHash));
    }),
  );
});
