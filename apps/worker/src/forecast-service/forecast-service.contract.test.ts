/** Forecasts and trainings on a real PostgreSQL, in real processes that hang and are killed. */
import { ForecastStore, type TrainingRun } from '@foreshard/core/forecast-service';
import { type Hint, hintOf, hintRequestSchema } from '@foreshard/core/hints';
import { HistoryWriter, HOUR_MS, MINUTE_MS, TelemetryStore } from '@foreshard/core/telemetry';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { RealCluster, silent } from '../testing/real-cluster.ts';
import { ForecastJob } from './forecast-job.ts';
import { ModelProcess } from './model-process.ts';
import { loadAt } from './planted-expensive.fixture.ts';
import { TrainJob } from './train-job.ts';

const DAYS = 21;
const LIMIT_MS = 20_000;
const TEST_MS = 120_000;
const fixture = (name: string) => new URL(`./planted-${name}.fixture.ts`, import.meta.url).pathname;
/** expensive models: fixtures of their threads */
const expensiveFixture = (name: string) =>
  new URL(`../../../../packages/core/src/adapters/models/${name}.fixture.ts`, import.meta.url).pathname;

let cluster: RealCluster;
let stream: number;
const opened: ModelProcess[] = [];

beforeAll(async () => {
  cluster = await RealCluster.start(inject('postgresUrl'), 1);
  stream = await cluster.createStream({ name: 'main', shardCount: 4 });
  await importLoad();
}, TEST_MS);
afterAll(async () => {
  for (const process of opened) process.stop();
  await cluster.stop();
});

/** A day with a peak in the afternoon; as `foreshard import-history` writes it, up to the last whole minute. */
async function importLoad(): Promise<void> {
  const nowMs = Date.now();
  const lastMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  const endMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  const leaves = [...cluster.map.leaves(stream)];
  await cluster.control.telemetry.exclusively('import', async (tx) => {
    const writer = new HistoryWriter(
      { stream, source: 'import:test', leaves, minutesFromMs: nowMs - 30 * HOUR_MS, hoursFromMs: 0 },
      tx,
    );
    for (let fromMs = lastMs - DAYS * 24 * HOUR_MS; fromMs < endMs; fromMs += HOUR_MS) {
      const toMs = Math.min(fromMs + HOUR_MS, endMs);
      await writer.cover(fromMs, toMs);
      await writer.amount({ fromMs, toMs, events: Math.round((loadAt(fromMs) * (toMs - fromMs)) / HOUR_MS) });
    }
    await writer.finish();
  });
}

function env(limitMs: number, planted: readonly string[]): Record<string, string> {
  const pathOf = (name: string) => (name.startsWith('/') ? name : fixture(name));
  return {
    DATABASE_URL: cluster.databaseUrl,
    REDIS_URL: cluster.controlRedis.url,
    TOPOLOGY_URL: '',
    WORKER_FORECAST_MODELS: planted.map(pathOf).join(','),
    WORKER_FORECAST_MODEL_LIMIT_MS: String(limitMs),
  };
}

function forecastJob(limitMs: number, ...planted: string[]): ForecastJob {
  const process = new ModelProcess({ env: env(limitMs, planted), limitMs, report: () => {} });
  opened.push(process);
  const { telemetry: blocks, jobs } = cluster.control;
  const nowMs = () => Date.now();
  const streams = async () => (await cluster.follower.upToDate()).streams().map(({ id }) => id);
  return new ForecastJob({ process, streams, blocks, jobs, log: silent, nowMs });
}

const trainJob = (limitMs: number, ...planted: string[]) => trainJobWithin(0, limitMs, ...planted);

function trainJobWithin(expensiveBudgetMs: number, limitMs: number, ...planted: string[]): TrainJob {
  return new TrainJob({
    registry: cluster.control.models,
    settings: { env: env(limitMs, planted), limitMs },
    expensiveBudgetMs,
    isAnythingKnown: async () => true,
    log: silent,
    nowMs: () => Date.now(),
  });
}

const request = { streamId: null, reason: 'test', actor: 'test' };
const goesOn = () => new AbortController().signal;
const lastRun = async (): Promise<TrainingRun> => (await cluster.control.models.runs(1))[0]!;
const runningLog = async () => {
  const { state, log } = await lastRun();
  return state === 'running' ? log : '';
};
const champion = () => cluster.control.models.champion(stream, '1h');

test(
  'a fresh cluster with imported history has forecasts at once, near what will come',
  async () => {
    await forecastJob(LIMIT_MS).run(goesOn());
    const forecast = (await cluster.control.forecasts.latest(stream, '1h'))!;
    expect(forecast.total.point).toHaveLength(25);
    const misses = Array.from(forecast.total.point, (value, h) =>
      Math.abs(value / loadAt(forecast.originMs + h * HOUR_MS) - 1),
    );
    expect(misses.reduce((sum, miss) => sum + miss, 0) / 25).toBeLessThan(0.05);
    const shares = [...forecast.shares.values()];
    expect(shares).toHaveLength(4);
    for (const share of shares) expect(share).toBeCloseTo(0.25, 1);
    expect((await cluster.control.forecasts.latest(stream, '5m'))?.total.point).toHaveLength(25);
  },
  TEST_MS,
);

test('the forecasts of the whole can be read without the shares of shardlets', async () => {
  const { forecasts } = cluster.control;
  const kept = await forecasts.between(stream, '1h', 0, Date.now());
  const wholes = await forecasts.wholesBetween(stream, '1h', 0, Date.now());
  expect(kept.length).toBeGreaterThan(0);
  expect(wholes).toEqual(kept.map(({ shares: _, ...whole }) => whole));
});

test('what came less what was forecast is told for the time that is over', async () => {
  const { control, map } = cluster;
  const nowMs = () => Date.now() + 4 * HOUR_MS;
  const telemetry = new TelemetryStore({ blocks: control.telemetry, map: () => map, nowMs });
  const parts = { records: control.forecasts, hints: control.hints, telemetry, blocks: control.telemetry };
  const store = new ForecastStore({ ...parts, map: () => map, nowMs });
  const { originMs } = (await control.forecasts.latest(stream, '1h'))!;
  const span = { fromMs: originMs - 5 * HOUR_MS, toMs: originMs + 5 * HOUR_MS, columnsMax: 100, rowsMax: 4 };
  const heat = (await store.forecastHeat({ streamId: stream, show: 'residual', ...span }))!;
  expect([heat.columns, heat.rows.length]).toEqual([10, 4]);
  // nothing was forecast before the origin, nothing has come after it
  expect([...heat.values].every(Number.isNaN)).toBe(true);
});

test('says of each shardlet what was forecast one step ahead', async () => {
  const { control, map } = cluster;
  const nowMs = () => Date.now();
  const telemetry = new TelemetryStore({ blocks: control.telemetry, map: () => map, nowMs });
  const parts = { records: control.forecasts, hints: control.hints, telemetry, blocks: control.telemetry };
  const store = new ForecastStore({ ...parts, map: () => map, nowMs });
  const { originMs, total } = (await control.forecasts.latest(stream, '5m'))!;
  expect(await store.foreseen(stream, originMs - 1, originMs)).toEqual([]);
  const [step] = await store.foreseen(stream, originMs, originMs + 1);
  expect(step!.atMs).toBe(originMs);
  expect([...step!.loads.keys()].sort()).toEqual([...map.leaves(stream)].map(({ id }) => id).sort());
  const loads = [...step!.loads.values()];
  expect(loads.reduce((sum, load) => sum + load, 0)).toBeCloseTo(total.point[0]!, 3);
});

test('answers places, rankings, pictures and probabilities, with hints from the moment they are added', async () => {
  const { control, map } = cluster;
  const nowMs = () => Date.now();
  const telemetry = new TelemetryStore({ blocks: control.telemetry, map: () => map, nowMs });
  const parts = { records: control.forecasts, hints: control.hints, telemetry, blocks: control.telemetry };
  const store = new ForecastStore({ ...parts, map: () => map, nowMs });
  const [shardlet] = [...map.leaves(stream)];
  const whole = { kind: 'stream', streamId: stream } as const;
  const all = (await store.forecastOf({ scope: whole, horizonMs: 24 * HOUR_MS }))!;
  expect(all.point.length).toBe(25);
  const quarter = { kind: 'shardlet', shardlet: shardlet!.id } as const;
  const one = (await store.forecastOf({ scope: quarter, horizonMs: 24 * HOUR_MS }))!;
  expect(one.point[3]! / all.point[3]!).toBeCloseTo(0.25, 1);
  for (const { point, quantiles } of [all, one]) {
    expect(quantiles[5]![3]!).toBeGreaterThanOrEqual(point[3]! * 0.9);
    expect(quantiles[1]![3]!).toBeLessThanOrEqual(point[3]! * 1.1);
  }
  const span = { fromMs: all.fromMs, toMs: all.fromMs + 12 * HOUR_MS, columnsMax: 100, rowsMax: 100 };
  const heat = (await store.forecastHeat({ streamId: stream, show: 'forecast', ...span }))!;
  expect([heat.columns, heat.rows.length, heat.unit]).toEqual([12, 4, 'events/s']);
  const column = heat.values.subarray(0, 4).reduce((sum, value) => sum + value, 0);
  expect(column).toBeCloseTo(all.point[0]! / 3_600, 0);
  expect((await store.probability({ horizonMs: HOUR_MS, shardlet: shardlet!.id }))!.probability).toBe(1);

  const hint = await addHint({ factor: 3, scope: { shards: [shardlet!.shard] } });
  const hinted = (await store.forecastOf({ scope: quarter, horizonMs: 24 * HOUR_MS }))!;
  expect(hinted.point[3]! / one.point[3]!).toBeCloseTo(3, 6);
  expect(hinted.baseline[3]).toBe(one.point[3]);
  const [first] = await store.ranking({ streamId: stream, atMs: Date.now() + 3 * HOUR_MS, n: 1 });
  expect(first).toMatchObject({ shardlet: shardlet!.id, rank: 1 });
  expect(first!.confidence).toBeGreaterThan(0.9);
  await control.hints.remove(hint.id, 'test', Date.now());
  expect((await store.forecastOf({ scope: quarter, horizonMs: 24 * HOUR_MS }))!.point[3]).toBe(one.point[3]);
});

async function addHint(change: object): Promise<Pick<Hint, 'id'>> {
  const time = (hours: number) => new Date(Date.now() + hours * HOUR_MS).toISOString();
  const request = hintRequestSchema.parse({ from: time(-2), to: time(30), because: 'a test', ...change });
  const hint = hintOf(request, { id: crypto.randomUUID(), atMs: Date.now(), actor: 'test' });
  await cluster.control.hints.add(hint);
  return hint;
}

describe('models that misbehave', () => {
  test(
    'one that hangs is cut off, and the tick is made without it; one that throws or answers NaN is named',
    async () => {
      const before = (await cluster.control.forecasts.latest(stream, '1h'))!;
      expect(before.unfit.map(({ model }) => model)).not.toContain('planted-nan');
      const result = await forecastJob(3_000, 'nan', 'throw', 'hang').run(goesOn());
      expect(result).toMatchObject({ forecasts: 2 });
      const after = (await cluster.control.forecasts.latest(stream, '1h'))!;
      const reasons = new Map(after.unfit.map(({ model, reason }) => [model, reason]));
      expect(reasons.get('planted-nan')).toMatch('answered NaN for step 1');
      expect(reasons.get('planted-throw')).toMatch('the data displease me');
      expect(after.total.point.every((value) => Number.isFinite(value))).toBe(true);
    },
    TEST_MS,
  );
});

describe('a training', () => {
  test(
    'makes the first champion, with how good it is beside the seasonal naive method',
    async () => {
      await trainJob(LIMIT_MS, 'nan').run(request, goesOn());
      const run = await lastRun();
      expect(run).toMatchObject({
        state: 'finished',
        detail: '2 trained, 2 promoted, 0 with too little past',
      });
      expect(run.log).toMatch('planted-nan is left out: answered NaN for step 1');
      const first = (await champion())!;
      expect(first.mae).toBeLessThan(first.naiveMae);
      expect(first.coverage).toBeGreaterThan(0.8);
      expect(first.origins).toBeGreaterThan(20);
    },
    TEST_MS,
  );

  test(
    'that is killed half-way leaves the champion, is told as failed, and the next one goes on',
    async () => {
      const before = (await champion())!;
      const promotions = (await cluster.control.models.promotions(stream, '1h', 100)).length;
      const job = trainJob(LIMIT_MS, 'hang');
      const ended = job.run(request, goesOn()).catch((error: Error) => error);
      await expect.poll(runningLog, { timeout: 20_000 }).toMatch('steps are known');
      process.kill(job.pid!, 'SIGKILL');
      expect(await ended).toMatchObject({ name: 'ModelProcessEnded' });
      expect(await lastRun()).toMatchObject({ state: 'failed', detail: 'the model process ended (SIGKILL)' });
      expect(await champion()).toEqual(before);
      expect(await cluster.control.models.promotions(stream, '1h', 100)).toHaveLength(promotions);
    },
    TEST_MS,
  );

  test('is one at a time, and one whose worker has died does not stand in the way', async () => {
    const { models } = cluster.control;
    const startedMs = Date.now();
    const dead = (await models.start({ ...request, startedMs: startedMs - 60_000 }))!;
    const next = (await models.start({ ...request, startedMs }))!;
    expect(await models.start({ ...request, startedMs })).toBeUndefined();
    await models.end(next, 'finished', startedMs, '');
    const runs = await models.runs(2);
    expect(runs.find(({ id }) => id === dead)).toMatchObject({
      state: 'failed',
      detail: 'its worker has died',
    });
  });

  test('is followed by people: they promote and go back, and the older one serves again', async () => {
    const { models } = cluster.control;
    const current = (await champion())!;
    const other = (await models.versions(stream, '1h', 10)).find(({ id }) => id !== current.id)!;
    const why = { actor: 'test', reason: 'a try', atMs: Date.now() };
    expect(await models.promote(other, why, current.id)).toBe(true);
    expect(await models.promote(other, why, current.id)).toBe(false);
    const [last] = await models.promotions(stream, '1h', 1);
    expect(last).toMatchObject({ version: other.id, previous: current.id, reason: 'a try' });
    expect(await models.promote((await models.version(last!.previous!))!, why, other.id)).toBe(true);
    expect(await champion()).toEqual(current);
  });
});

describe('expensive models', () => {
  test(
    'that hang, throw or answer NaN are cut off and named; the one that errs least is the champion, and ticks serve it',
    async () => {
      const before = (await champion())!;
      const broken = ['hangs', 'throws', 'nan'].map(expensiveFixture);
      await trainJobWithin(60_000, 8_000, 'expensive', ...broken).run(request, goesOn());
      const { state, log } = await lastRun();
      expect(state).toBe('finished');
      expect(log).toMatch('hangs is left out: failed: took longer than its limit of 4000 ms');
      expect(log).toMatch('throws is left out: failed: the data displease me');
      expect(log).toMatch('nan is left out: answered NaN for step 1');
      const expensive = (await champion())!;
      expect(expensive).toMatchObject({ name: 'planted-expensive', members: ['planted-expensive'] });
      expect(expensive.mae).toBeLessThan(before.mae);

      const job = forecastJob(LIMIT_MS, 'expensive');
      const latest = () => cluster.control.forecasts.latest(stream, '1h');
      await job.run(goesOn());
      // no tick waits for it: the cheap ones serve until it has answered
      const first = (await latest())!;
      expect(first.model).not.toBe('planted-expensive');
      expect(first.unfit).toContainEqual({
        model: 'planted-expensive',
        reason: 'its first answer is awaited',
      });
      const served = async () => {
        await job.run(goesOn());
        return (await latest())?.model;
      };
      await expect.poll(served, { timeout: 30_000 }).toBe('planted-expensive');
      const { originMs, total, version } = (await latest())!;
      expect(version).toBe(expensive.id);
      expect(total.point[24]).toBeCloseTo(loadAt(originMs + 24 * HOUR_MS), 0);

      // without its answers the champion cannot be measured: another one follows
      await trainJob(LIMIT_MS, 'expensive').run(request, goesOn());
      expect((await champion())!.name).not.toBe('planted-expensive');
      expect((await lastRun()).log).toMatch('the champion could not be measured any more');
    },
    TEST_MS,
  );

  test(
    'are tried as long as the budget lasts, and the training ends all the same',
    async () => {
      const planted = ['plods', 'hangs'].map(expensiveFixture);
      await trainJobWithin(24_000, LIMIT_MS, ...planted).run(request, goesOn());
      const { state, log } = await lastRun();
      expect(state).toBe('finished');
      // its first answers tell that the others would not fit
      expect(log).toMatch(/plods is left out: needs [\d.]+ s, its part of the budget is [\d.]+ s/);
      expect(log).toMatch(/hangs is left out: failed: took longer than its limit of \d+ ms/);
    },
    TEST_MS,
  );
});
