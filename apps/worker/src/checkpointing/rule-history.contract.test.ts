/** What settings would have meant, over telemetry and forecasts in a real PostgreSQL. */
import { processPrincipal } from '@foreshard/core/access';
import { operationStores } from '@foreshard/core/adapters/operation-stores';
import { groupCheckpointingSchema } from '@foreshard/core/checkpointing';
import { LEVELS, RESOLUTIONS, type Resolution, type StreamForecast } from '@foreshard/core/forecast-service';
import { callerOf, checkpoints, type OutputOf } from '@foreshard/core/operations';
import { checkpointHandlers } from '@foreshard/core/operations/handlers';
import { HistoryWriter, HOUR_MS } from '@foreshard/core/telemetry';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { RealCluster } from '../testing/real-cluster.ts';

const SHARDLETS = 4;
const GROUP = 'totals';
const STEP_MS = RESOLUTIONS['5m'].stepMs;
const DAY_MS = 24 * HOUR_MS;
/** Ten events a second in each shardlet. */
const EVEN = 3_000;
/** Before anybody has recovered: 2 s and 2,000 events/s; due every 11 minutes. */
const SETTINGS = groupCheckpointingSchema.parse({ checkpoint_threshold: 52 });

let cluster: RealCluster;
let stream: number;
beforeAll(async () => {
  cluster = await RealCluster.start(inject('postgresUrl'), 1);
  stream = await cluster.createStream({ name: 'main', shardCount: SHARDLETS });
  const group = { name: GROUP, stream, sessionMs: 10_000, checkpointing: SETTINGS };
  await cluster.control.groups.create(group, { version: 0, members: [], checkpoints: new Map() });
}, 60_000);
afterAll(() => cluster.stop());

const nowMs = Date.now();
const toMs = Math.floor(nowMs / STEP_MS) * STEP_MS;

/** `eventsAt`: of one shardlet in a step of five minutes. */
async function importLoad(fromMs: number, eventsAt: (ms: number) => number): Promise<void> {
  const leaves = [...cluster.map.leaves(stream)];
  await cluster.control.telemetry.exclusively('import', async (tx) => {
    const writer = new HistoryWriter(
      { stream, source: 'import:test', leaves, minutesFromMs: nowMs - 8 * DAY_MS, hoursFromMs: 0 },
      tx,
    );
    for (let atMs = fromMs; atMs < toMs; atMs += STEP_MS) {
      await writer.cover(atMs, atMs + STEP_MS);
      await writer.amount({ fromMs: atMs, toMs: atMs + STEP_MS, events: SHARDLETS * eventsAt(atMs) });
    }
    await writer.finish();
  });
}

function forecastOf(resolution: Resolution, originMs: number, eventsPerStep: number): StreamForecast {
  const { horizon } = RESOLUTIONS[resolution];
  const steps = <T>(one: () => T) => Array.from({ length: horizon }, one);
  const table = () => ({
    total: steps(() => new Float64Array(LEVELS.length)),
    parts: steps(() => new Float64Array(LEVELS.length)),
  });
  const point = new Float64Array(horizon).fill(SHARDLETS * eventsPerStep);
  return {
    ...{ streamId: stream, resolution, originMs, model: 'naive', version: null, unfit: [] },
    total: { point, spread: new Float64Array(horizon) },
    ...{ base: table(), calibrated: table(), own: new Map() },
    shares: new Map([...cluster.map.leaves(stream)].map(({ id }) => [id, 1 / SHARDLETS])),
  };
}

/** Anew each time: what one process has read it keeps for a while. */
async function effect(draft: object = {}): Promise<OutputOf<typeof checkpoints.effect>> {
  const { control } = cluster;
  const never = async (): Promise<never> => {
    throw new Error('not asked for here');
  };
  const stores = operationStores(control, {
    map: () => cluster.map,
    ...{ webhookNetworks: [], serverNetworks: [], consoleUrl: undefined, onUnsuitableHost: () => {} },
  });
  const { effect: handler } = checkpointHandlers({
    ...stores,
    upkeep: { find: never, verify: never, remove: never, prune: never },
    drill: { run: never },
  });
  const caller = callerOf(processPrincipal('test'), { surface: 'edge', address: '', requestId: '' });
  return handler(checkpoints.effect.input.parse({ group: GROUP, ...draft }), caller);
}

test('there is nothing to say before there is telemetry', async () => {
  expect(await effect()).toMatchObject({ group: GROUP, fromMs: null, saved: null, draft: null, hours: [] });
});

test('the rule is replayed over what arrived, from when it is known, saved settings beside others', async () => {
  const fromMs = toMs - 30 * HOUR_MS;
  await importLoad(fromMs, () => EVEN);
  const { control } = cluster;
  // those of five minutes for the last day, and hourly ones before
  for (let atMs = toMs - DAY_MS; atMs < toMs; atMs += STEP_MS)
    await control.forecasts.add(forecastOf('5m', atMs, EVEN));
  for (let atMs = Math.ceil(fromMs / HOUR_MS) * HOUR_MS; atMs < toMs; atMs += HOUR_MS)
    await control.forecasts.add(forecastOf('1h', atMs, 12 * EVEN));
  const found = await effect({ checkpoint_threshold: 102 });
  expect(found).toMatchObject({ group: GROUP, replayed: SHARDLETS, shardlets: SHARDLETS, fromMs, toMs });
  // the steps before the first full hour have none
  expect(found.forecastShare).toBeGreaterThan(0.96);
  expect(found.forecastShare).toBeLessThanOrEqual(1);
  const { saved, draft, hours } = found;
  // 163 in 30 hours, of each of four shardlets
  expect(saved!.checkpointsPerDay).toBeCloseTo((SHARDLETS * 163 * 24) / 30, 3);
  expect(saved!.bytesPerDay).toBeNull();
  expect(saved!.backlogMax).toBeCloseTo(53, 1);
  expect(saved!.recoveryMsMax).toBeCloseTo(5_300, 0);
  // 10/s for 2 s and E/2,000 s are more than 102 from E = 16,400 on: 28 minutes
  expect(draft!.checkpointsPerDay).toBeCloseTo((SHARDLETS * 64 * 24) / 30, 3);
  expect(draft!.backlogMax).toBeCloseTo(104, 1);
  expect(hours.length).toBeGreaterThanOrEqual(30);
  expect(hours.length).toBeLessThanOrEqual(31);
  expect(hours.at(-2)!.saved).toBeCloseTo(53, 1);
  expect(hours.at(-2)!.draft).toBeCloseTo(104, 1);
});

test('sizes of checkpoints that were taken count, also for shardlets without one', async () => {
  const { control } = cluster;
  const before = (await effect()).saved!;
  const [shardlet] = [...cluster.map.leaves(stream)].map(({ id }) => id) as [number];
  const holder = { shardlet, seq: 9, epoch: 1, assignment: 3, member: 'm', revoking: false, skipped: 0 };
  await control.groups.change(GROUP, () => ({
    state: {
      version: 3,
      members: [{ id: 'm', subject: 's', seenAtMs: nowMs, commits: 0 }],
      checkpoints: new Map([[shardlet, holder]]),
    },
    result: undefined,
  }));
  const id = '00000000-0000-4000-8000-000000000001';
  const row = { id, group: GROUP, shardlet, seq: 9, epoch: 1, assignment: 3, member: 'm', base: undefined };
  const content = { handlerVersion: '1', bytes: 100_000_000, keys: 1, digest: `sha-256:${'0'.repeat(64)}` };
  await control.stateCheckpoints.announce(
    { ...row, ...content, object: 'x', store: 'folder', reason: 'due' },
    's',
  );
  expect((await control.stateCheckpoints.validate(GROUP, id)).kind).toBe('valid');
  const after = (await effect()).saved!;
  // 2 s more to restore, so a checkpoint is due every 5 minutes; of all shardlets, as this is the only size known
  expect(after.checkpointsPerDay).toBeCloseTo(SHARDLETS * 288, 3);
  expect(after.bytesPerDay).toBeCloseTo(SHARDLETS * 288 * 100_000_000, -3);
  expect(after.recoveryMsMax).toBeGreaterThan(before.recoveryMsMax);
});

test('a burst that was not foreseen waits for the replacement', async () => {
  const burstMs = toMs - 3 * HOUR_MS;
  await importLoad(burstMs, () => 10 * EVEN);
  const { saved, hours } = await effect();
  const peak = Math.max(...hours.map((hour) => hour.saved ?? 0));
  expect(saved!.backlogMax).toBe(peak);
  expect(peak).toBeGreaterThan(300);
  // in the hours before it nothing changed
  expect(hours.at(-6)!.saved!).toBeLessThan(60);
});
