/** What the worker would have made of the load: forecasts of the next hours, scores, and how far moves are. */
import type { Control } from '@foreshard/core/adapters/control';
import type { StreamForecast } from '@foreshard/core/forecast-service';
import { RESOLUTIONS, type Resolution } from '@foreshard/core/forecast-service';
import { healthSettingsSchema, hostHealth, shardletHealth } from '@foreshard/core/profiling';
import { type LoadShape, noise } from './load-shape.ts';
import type { LargeTopology } from './topology.ts';

/** Past forecasts, for actual against forecast; each holds a share of every shardlet. */
const ORIGINS_BACK = 6;
const LEVELS = [-2, -1.4, -0.7, 0, 0.7, 1.4, 2];
/** Load at this many places stands for that of all. */
const SAMPLED = 20_000;

export async function writeForecasts(
  control: Control,
  stream: number,
  shape: LoadShape,
  nowMs: number,
): Promise<void> {
  for (const resolution of ['5m', '1h'] as const) {
    const { stepMs } = RESOLUTIONS[resolution];
    const newest = Math.floor(nowMs / stepMs) * stepMs;
    for (let back = ORIGINS_BACK; back >= 0; back--)
      await control.forecasts.add(forecastOf(resolution, stream, shape, newest - back * stepMs));
  }
}

function forecastOf(
  resolution: Resolution,
  streamId: number,
  shape: LoadShape,
  originMs: number,
): StreamForecast {
  const { stepMs, horizon } = RESOLUTIONS[resolution];
  const total = (ms: number) => {
    let sum = 0;
    for (let i = 0; i < SAMPLED; i++)
      sum += shape.rate(Math.floor(((i + 0.5) * shape.shardlets) / SAMPLED), ms);
    return (sum * shape.shardlets * stepMs) / SAMPLED / 1_000;
  };
  const point = Float64Array.from(
    { length: horizon },
    (_, h) => total(originMs + h * stepMs) * (0.96 + 0.08 * noise(h, originMs / stepMs)),
  );
  const rates = Float64Array.from({ length: shape.shardlets }, (_, place) =>
    shape.rate(place, originMs + stepMs),
  );
  const all = rates.reduce((sum, rate) => sum + rate, 0);
  const tables = Array.from({ length: horizon }, () => Float64Array.from(LEVELS));
  return {
    ...{ streamId, resolution, originMs, model: 'combination', version: null, own: new Map(), unfit: [] },
    total: { point, spread: point.map((value) => value * 0.05) },
    base: { total: tables, parts: tables },
    calibrated: { total: tables, parts: tables },
    shares: new Map(Array.from(rates, (rate, place) => [place + 1, rate / all])),
  };
}

export async function writeHealth(
  control: Control,
  topology: LargeTopology,
  shape: LoadShape,
  nowMs: number,
): Promise<void> {
  const settings = healthSettingsSchema.parse({});
  const average = 40_000 / shape.shardlets;
  const shardlets = topology.shardlets.slice(0, topology.leaves).map(({ id, owner }) => {
    const rate = shape.rate(id - 1, nowMs);
    const facts = {
      loadSkew: rate / average,
      hotKey: noise(id, 8) * 0.5,
      latency: 3_000 * (1 + rate / 10),
      errors: 0,
      idSets: 2,
      fullness: 0.2 + 0.45 * noise(owner, 5),
      growth: 400,
      staleness: 1,
    };
    return [id, shardletHealth(facts, settings)] as const;
  });
  const hosts = topology.hosts.map(({ id }) => {
    const facts = {
      fullness: id === 251 ? 0.87 : 0.2 + 0.45 * noise(id, 5),
      growth: id === 251 ? 5 : 400,
      loadSkew: 0.8 + noise(id, 9),
      latency: 4_000 + 30_000 * noise(id, 10),
      errors: 0,
      durability: id === 17 ? 0 : 1,
      staleness: 3,
    };
    return [id, hostHealth(facts, settings)] as const;
  });
  await control.health.add({ atMs: nowMs, shardlets: new Map(shardlets), hosts: new Map(hosts) });
}

export async function writeMoves(control: Control, { shardlets }: LargeTopology): Promise<void> {
  const moving = shardlets.filter(({ state }) => state.kind === 'moving');
  await control.moves.add(
    moving.map(({ id, owner, state }) => {
      const { dest, nextEpoch } = state as Extract<typeof state, { kind: 'moving' }>;
      const move = { shardlet: id, nextEpoch, source: owner, dest };
      return { move, kind: 'open', actor: 'planner', reason: 'its host is above 80 % at 20:00' } as const;
    }),
  );
  for (const [i, { state }] of moving.entries()) {
    const { nextEpoch } = state as Extract<typeof state, { kind: 'moving' }>;
    const copied = 2_000 + Math.floor(16_000 * noise(i, 11));
    const progress = {
      phase: i === 0 ? 'verify' : 'copy',
      bytes: copied * 420,
      records: copied,
      sourceSeq: 20_000,
      copiedSeq: copied,
    } as const;
    await control.moves.progress(nextEpoch, 'worker-1', progress, 3_400_000);
  }
}
