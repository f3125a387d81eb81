import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../telemetry/index.ts';
import { EventTypes } from './event-types.ts';
import { LateHits } from './late-hits.ts';

/** Scores before it counts, as the engine does. */
function feed(late: LateHits, types: EventTypes, name: string, ranked: (id: number) => number[]): void {
  const id = types.find(name);
  late.add(id === undefined ? [] : ranked(id), types, id);
  types.count(name);
}

describe('hits of late', () => {
  it('are shares of all events, those of new types included', () => {
    const [late, types] = [new LateHits(3), new EventTypes(64)];
    for (let i = 0; i < 200; i++) feed(late, types, `type-${i % 2}`, (id) => (i % 4 < 2 ? [id] : [9, id, 8]));
    const { events, hit1, hit3 } = late.rates;
    expect(events).toBeGreaterThan(185);
    expect(events).toBeLessThan(200);
    expect(hit1).toBeCloseTo(0.5, 1);
    expect(hit3).toBeGreaterThan(0.97);
    expect(hit3).toBeLessThan(1);
  });

  it('know the most frequent types', () => {
    const [late, types] = [new LateHits(3), new EventTypes(64)];
    for (let i = 0; i < 1_000; i++) feed(late, types, i % 10 < 6 ? 'often' : `seldom-${i % 10}`, () => []);
    const { frequent1, frequent3, hit1 } = late.rates;
    expect(frequent1).toBeCloseTo(0.6, 1);
    expect(frequent3).toBeGreaterThan(0.7);
    expect(frequent3).toBeLessThan(0.95);
    expect(hit1).toBe(0);
  });

  it('forget what was long ago', () => {
    const [late, types] = [new LateHits(3), new EventTypes(64)];
    for (let i = 0; i < 4_000; i++) feed(late, types, 'a', () => [5]);
    expect(late.rates.hit1).toBe(0);
    for (let i = 0; i < 3_000; i++) feed(late, types, 'a', (id) => [id]);
    expect(late.rates.hit1).toBeGreaterThan(0.85);
    expect(late.rates.events).toBeLessThan(1_500);
  });

  it('are saved', () => {
    const [late, types] = [new LateHits(3), new EventTypes(64)];
    for (let i = 0; i < 50; i++) feed(late, types, `t-${i % 3}`, (id) => [id]);
    const out = new ByteWriter();
    late.write(out);
    const restored = new LateHits(3);
    restored.read(new ByteReader(out.finish()));
    for (const each of [late, restored]) each.add([1], types, 1);
    expect(restored.rates).toEqual(late.rates);
  });
});
