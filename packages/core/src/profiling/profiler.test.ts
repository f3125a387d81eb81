import { expect, test } from 'vitest';
import { seededRandom } from '../kernel/index.ts';
import { profileSettingsSchema } from './profile-fields.ts';
import { Profiler } from './profiler.ts';
import { Profiles } from './profiles.ts';

const FIELDS = profileSettingsSchema.parse({
  orders: { numbers: ['/data/amount'], keys: ['/data/customer', '/data/a~1b'] },
});

function profiler(share = 1, fields = FIELDS) {
  const random = seededRandom(7).next;
  return new Profiler({ share, fields, random });
}

function json(data: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ specversion: '1.0', data }));
}

test('the share is kept, whatever the sizes of the requests', () => {
  const some = profiler(0.05);
  let sampled = 0;
  for (let request = 0; request < 20_000; request++) {
    const size = 1 + (request % 13);
    if (!some.passes(size)) sampled += [...some.sampled(size)].length;
  }
  const events = 20_000 * 7 - 1;
  expect(sampled / events).toBeGreaterThan(0.047);
  expect(sampled / events).toBeLessThan(0.053);
});

test('all and none are the ends of the share', () => {
  expect([...profiler(1).sampled(4)]).toEqual([0, 1, 2, 3]);
  expect(profiler(0).passes(1_000_000)).toBe(true);
});

test('configured fields are found by their pointers; what is of another type is missing', () => {
  const one = profiler();
  for (let i = 1; i <= 100; i++)
    one.add('orders', 3, json({ amount: i, customer: i % 10 === 0 ? 'heavy' : `c${i}`, 'a/b': true }));
  one.add('orders', 3, json({ amount: 'much', customer: { id: 1 } }));
  const profile = one.flush()!.of(3);
  const amount = profile.numbers.get('/data/amount')!;
  expect([amount.moments.count, amount.moments.mean, amount.missing]).toEqual([100, 50.5, 1]);
  const customer = profile.keys.get('/data/customer')!;
  expect(customer.distinct.estimate()).toBeGreaterThan(80);
  expect(customer.distinct.estimate()).toBeLessThan(102);
  expect(customer.missing).toBe(1);
  expect(profile.keys.get('/data/a~1b')!.top.reported()[0]!.events).toBe(100);
  expect(one.flush()).toBeUndefined();
});

test('a stream without fields is profiled by size alone, also where it is no JSON', () => {
  const one = profiler();
  one.add('logs', 1, new Uint8Array(500));
  expect(one.flush()!.of(1).sizeQuantile(0.5)).toBeCloseTo(500, -2);
});

test('packed profiles of two edges are together what one would have seen', () => {
  const [a, b, whole] = [profiler(), profiler(), profiler()];
  for (let i = 0; i < 200; i++) {
    const event = json({ amount: i, customer: i % 3 === 0 ? 'heavy' : `c${i}` });
    (i % 2 === 0 ? a : b).add('orders', 1 + (i % 4), event);
    whole.add('orders', 1 + (i % 4), event);
  }
  const merged = Profiles.unpack(a.flush()!.pack());
  merged.merge(Profiles.unpack(b.flush()!.pack()));
  const wanted = whole.flush()!;
  expect(merged.samples).toBe(200);
  for (const [id, profile] of wanted.shardlets) {
    const found = merged.of(id);
    expect(found.sizes.deviation).toBeCloseTo(profile.sizes.deviation, 6);
    expect(found.numbers.get('/data/amount')!.moments.mean).toBeCloseTo(
      profile.numbers.get('/data/amount')!.moments.mean,
      6,
    );
    const key = found.keys.get('/data/customer')!;
    expect(key.distinct.estimate()).toBe(profile.keys.get('/data/customer')!.distinct.estimate());
    expect(merged.names.get(key.top.reported()[0]!.keyHash)).toBe('heavy');
  }
});

test('bytes of something else are refused', () => {
  expect(() => Profiles.unpack(new Uint8Array([9, 9, 9]))).toThrow(RangeError);
});

test.each(['data', '/data/~2', ''])('%j is no pointer', (pointer) => {
  expect(profileSettingsSchema.safeParse({ '*': { numbers: [pointer] } }).success).toBe(false);
});
