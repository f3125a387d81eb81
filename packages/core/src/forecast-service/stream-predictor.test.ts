import { describe, expect, it } from 'vitest';
import { AUTO_MODELS, featureRidge } from '../forecast-models/index.ts';
import type { Hint } from '../hints/index.ts';
import { hashKey } from '../keyspace/index.ts';
import { streamMap } from '../telemetry/recording.fixture.ts';
import { CalibrationBook } from './calibration-book.ts';
import { hintedLoads, partsOf } from './hinted.ts';
import { packForecast, unpackForecast } from './stream-forecast.ts';
import { StreamPredictor } from './stream-predictor.ts';
import { type TrainingInput, train } from './training.ts';

const HOUR_MS = 3_600_000;
const DAYS = 14;
const FIRST_MS = Date.UTC(2026, 0, 5);
const ORIGIN_MS = FIRST_MS + DAYS * 24 * HOUR_MS;
const loadAt = (t: number) => 1_000 + 500 * Math.sin((t / 24) * 2 * Math.PI) + ((t * 7_919) % 31);
const whole = {
  values: Float64Array.from({ length: DAYS * 24 }, (_, t) => loadAt(t)),
  stepSeconds: 3_600,
  seasons: [],
  firstMs: FIRST_MS,
};
const modelNamed = (wanted: string) => AUTO_MODELS.find(({ name }) => name === wanted)!;
const naive = modelNamed('naive');
const models = [naive, modelNamed('seasonal-day')];

function predicted(count: number, book = new CalibrationBook('1h', undefined), total = whole) {
  const shardlets = Array.from({ length: count }, (_, i) => ({
    id: i + 1,
    width: 1 / count,
    loads: whole.values.slice(-48).map((value) => value * (i === 0 ? 0.5 : 0.5 / (count - 1))),
  }));
  const input = { originMs: ORIGIN_MS, total, shardlets, heavy: [], models, champion: undefined };
  return new StreamPredictor(7, '1h').predict(input, book);
}

describe('the forecast of a stream', () => {
  it('shares the whole out by what each shardlet had, and is the same when it is read back', () => {
    const forecast = predicted(1_001);
    expect([...forecast.shares.values()].reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
    expect(forecast.shares.get(1)!).toBeGreaterThan(0.4);
    expect(forecast.total.point[0]).toBeCloseTo(loadAt(DAYS * 24), -2);
    const read = unpackForecast(packForecast(forecast));
    expect(read.shares.size).toBe(1_001);
    expect(read.shares.get(1_001)!).toBeCloseTo(forecast.shares.get(1_001)!, 6);
    expect(read.calibrated.total[24]![6]!).toBeCloseTo(forecast.calibrated.total[24]![6]!, 3);
    const { whole, shares } = packForecast(predicted(10_000));
    expect(whole.length + shares.length).toBeLessThan(80_000);
  });

  it('widens its intervals when loads leave them, and keeps that over a restart', () => {
    const book = new CalibrationBook('1h', undefined);
    const forecast = predicted(2);
    const upper = (of: CalibrationBook) => predicted(2, of).calibrated.total[0]![6]!;
    const before = upper(book);
    for (let step = 0; step < 10; step++)
      book.observe({ atMs: ORIGIN_MS + step * HOUR_MS, total: 9_000, shardlets: new Map() }, [
        { ...forecast, originMs: ORIGIN_MS + step * HOUR_MS },
      ]);
    expect(upper(book)).toBeGreaterThan(before);
    expect(upper(new CalibrationBook('1h', book.toText()))).toBeCloseTo(upper(book), 9);
  });

  it('forgets once what a change of level has taught, when the forecast knows of it, also over a restart', () => {
    const forecast = predicted(2);
    const taught = (book: CalibrationBook) => {
      for (let step = 0; step < 10; step++) {
        const originMs = ORIGIN_MS + step * HOUR_MS;
        book.observe({ atMs: originMs, total: 9_000, shardlets: new Map() }, [{ ...forecast, originMs }]);
      }
      return book.total.corrections(1)[6]!;
    };
    const book = new CalibrationBook('1h', undefined);
    const risen = taught(book);
    book.followLevel(ORIGIN_MS, ORIGIN_MS + 20 * HOUR_MS);
    expect(book.total.corrections(1)[6]!).toBeLessThan(0.8 * risen);
    const again = new CalibrationBook('1h', book.toText());
    const risenAgain = taught(again);
    again.followLevel(ORIGIN_MS + 2 * HOUR_MS, ORIGIN_MS + 21 * HOUR_MS);
    expect(again.total.corrections(1)[6]!).toBe(risenAgain);
    again.followLevel(ORIGIN_MS + 30 * HOUR_MS, ORIGIN_MS + 50 * HOUR_MS);
    expect(again.total.corrections(1)[6]!).toBeLessThan(0.8 * risenAgain);
  });

  it('asks its book to follow a level that changed', () => {
    const shifted = { ...whole, values: whole.values.map((load, t) => (t < 11 * 24 ? load : 3 * load)) };
    const book = new CalibrationBook('1h', undefined);
    const followed: number[] = [];
    book.followLevel = (changedAtMs) => followed.push(changedAtMs);
    predicted(2, book);
    expect(followed).toEqual([]);
    predicted(2, book, shifted);
    expect(followed.map((atMs) => Math.round((atMs - FIRST_MS) / HOUR_MS / 24))).toEqual([11]);
  });
});

describe('hints in a forecast', () => {
  const hint: Hint = {
    ...{ id: 'h', stream: 'main', fromMs: 0, toMs: HOUR_MS / 2, factor: 3, perSecond: null, scope: {} },
    ...{ repeat: null, because: 'sale', createdMs: 0, createdBy: 'me', removedMs: null, removedBy: null },
  };
  const step = { fromMs: 0, stepMs: HOUR_MS };
  const loads = new Map([
    [1, 100],
    [2, 300],
  ]);

  it('multiply what they are about, for the part of the step in which they hold', async () => {
    const all = {
      hint,
      parts: new Map([
        [1, 1],
        [2, 0.5],
      ]),
    };
    // half an hour of three times: twice; of the half of shardlet 2: one and a half
    expect(hintedLoads(step, loads, [all])).toEqual(
      new Map([
        [1, 200],
        [2, 450],
      ]),
    );
  });

  it('bring the scope to so many a second, also where there was nothing', () => {
    const rate = { ...hint, toMs: HOUR_MS, factor: null, perSecond: 1 };
    const parts = new Map([
      [1, 1],
      [2, 1],
    ]);
    expect(hintedLoads(step, loads, [{ hint: rate, parts }])).toEqual(
      new Map([
        [1, 900],
        [2, 2_700],
      ]),
    );
    const none = new Map([
      [1, 0],
      [2, 0],
    ]);
    expect(hintedLoads(step, none, [{ hint: rate, parts }])).toEqual(
      new Map([
        [1, 1_800],
        [2, 1_800],
      ]),
    );
  });

  it('concern a key only where it lies, by the share it is known to have', async () => {
    const map = await streamMap(4);
    const leaves = [...map.leaves(map.streamNamed('main')!.id)];
    const keyHash = hashKey('hot');
    const known = { topKeys: [{ keyHash, key: 'hot', events: 40 }], types: [{ type: 'a', events: 100 }] };
    const keysOf = new Map(leaves.map(({ id }) => [id, known]));
    const { parts } = partsOf({ ...hint, scope: { keys: ['hot'] } }, leaves, keysOf);
    expect([...parts.values()]).toEqual([0.4]);
    expect(partsOf({ ...hint, scope: { shards: [2] } }, leaves, new Map()).parts.size).toBe(1);
  });
});

describe('a training', () => {
  const input: TrainingInput = {
    streamId: 1,
    resolution: '1h',
    series: whole,
    run: 1,
    nowMs: ORIGIN_MS,
    stopwatch: () => 0,
    models: [...models, featureRidge([])],
    champion: undefined,
    isThorough: false,
  };

  it('says how much past it needs', () => {
    const series = { ...whole, values: whole.values.slice(-20) };
    expect(train({ ...input, series })).toBe(
      'only 20 steps are known; a training needs 72, until then a default model serves',
    );
  });

  it('measures a model as it would serve, so that a champion errs as the version did that it is', () => {
    const down = whole.values.map((value, t) => (t > 290 && t < 300 ? 0 : value));
    const outage = { ...input, models: [modelNamed('kalman')], series: { ...whole, values: down } };
    const first = train(outage);
    if (typeof first === 'string') throw new Error(first);
    const version = first.versions.find(({ name }) => name === 'kalman')!;
    const again = train({ ...outage, champion: { ...version, id: 1 } });
    if (typeof again === 'string') throw new Error(again);
    expect(again.champion!.mae).toBe(version.mae);
  });

  it('lets nobody follow the champion who errs more at the same origins', () => {
    const first = train(input);
    if (typeof first === 'string') throw new Error(first);
    expect(first.verdict.promote).toBe(true);
    const champion = { ...first.versions[0]!, id: 1 };
    const worse = train({
      ...input,
      models: [...input.models, naive],
      champion: { ...champion, members: ['features'] },
    });
    if (typeof worse === 'string') throw new Error(worse);
    expect(worse.champion!.mae).toBeGreaterThan(0);
    expect(worse.verdict.promote).toBe(worse.versions[0]!.mae <= worse.champion!.mae);
    const nonsense = { ...naive, name: 'wild', fit: () => ({ parameters: {}, forecast: wild }) };
    const lost = train({
      ...input,
      models: [nonsense, ...models],
      champion: { ...champion, members: ['seasonal-day'] },
    });
    if (typeof lost === 'string') throw new Error(lost);
    expect(lost.versions[0]!.name).not.toBe('wild');
    expect(lost.versions[0]!.mae <= lost.champion!.mae).toBe(lost.verdict.promote);
  });
});

function wild(_: Float64Array, horizon: number) {
  return { point: new Float64Array(horizon).fill(1e9), spread: new Float64Array(horizon).fill(1) };
}
