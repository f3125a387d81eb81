/** Forecasts, the models that make them, and the forecast half of the heat map. */
import { RESOLUTION_NAMES } from '@foreshard/core/forecast-service';
import { trainingsSeen } from '@foreshard/core/operations/handlers';
import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { forecastPicture } from '../forecasts/forecast-picture.ts';
import { driftOf, rankedRow } from '../forecasts/forecast-views.ts';
import {
  type HeatPicture,
  hottestKeys,
  packed,
  rangeOf,
  rowsOf,
  streamOf,
  withKeys,
} from '../heat/heat-picture.ts';
import { heatQuerySchema } from '../heat/heat-query.ts';
import type { ConsoleServer } from '../main.ts';
import { away, query, queryOfSeen, router } from '../trpc.ts';

const HOUR_MS = 3_600_000;
const VERSIONS_SHOWN = 30;
/** A page asks again every 15 s. */
const FRESH_MS = 10_000;
const RUNS_SHOWN = 10;

const streamInput = z.object({
  /** null: the stream with the most load */
  stream: z.string().nullable().default(null),
  resolution: z.enum(RESOLUTION_NAMES).default('1h'),
});

const probabilitySchema = z
  .object({
    horizonMs: z
      .int()
      .min(60_000)
      .max(24 * HOUR_MS),
    shardlet: z.int().min(1).optional(),
    target: z.object({ kind: z.enum(['key', 'metric']), name: z.string().min(1).max(256) }).optional(),
  })
  .refine((q) => (q.shardlet === undefined) !== (q.target === undefined), {
    path: ['target'],
    message: 'either a shardlet or a target is expected',
  });

export const forecastsRouter = router({
  picture: query
    .input(
      streamInput.extend({
        /** null: the one that reaches a day once there is one */
        resolution: z.enum(RESOLUTION_NAMES).nullable().default(null),
        shardlet: z.int().min(1).nullable().default(null),
      }),
    )
    .query(async ({ ctx: { server }, input }) => {
      const { stream, map, parts } = await streamNamed(server, input.stream);
      const { resolution, shardlet } = input;
      if (shardlet !== null && map.shardlet(shardlet)?.stream !== stream.id) throw noShardlet(shardlet);
      const nowMs = Date.now();
      const place = { streamId: stream.id, resolution, shardlet };
      const picture = await server.forecastPictures.get(JSON.stringify(place), nowMs, FRESH_MS, () =>
        forecastPicture({ ...server, ...parts }, place, nowMs),
      );
      return { stream: stream.name, ...picture };
    }),

  models: query.input(streamInput).query(async ({ ctx: { server }, input }) => {
    const { id, name } = (await streamNamed(server, input.stream)).stream;
    const { models, forecastRecords } = server;
    const [versions, promotions, state] = await Promise.all([
      models.versions(id, input.resolution, VERSIONS_SHOWN),
      models.promotions(id, input.resolution, VERSIONS_SHOWN),
      forecastRecords.state(id, input.resolution),
    ]);
    const champion = promotions[0]?.version ?? null;
    const serving = versions.find((version) => version.id === champion);
    return { stream: name, versions, promotions, champion, drift: driftOf(state, serving?.mae) };
  }),

  runs: queryOfSeen.query(({ ctx: { server, identity } }) =>
    trainingsSeen(server, RUNS_SHOWN, identity.principal),
  ),

  ranking: query
    .input(
      streamInput.extend({
        inMs: z
          .int()
          .min(0)
          .max(24 * HOUR_MS),
        n: z.int().min(1).max(1_000).default(20),
      }),
    )
    .query(async ({ ctx: { server }, input }) => {
      const { stream, parts } = await streamNamed(server, input.stream);
      const ranked = await parts.forecasts.ranking({
        streamId: stream.id,
        atMs: Date.now() + input.inMs,
        n: input.n,
      });
      return ranked.map((one) => rankedRow(parts.map, one));
    }),

  /** Null: nothing is known that it could be derived from. */
  probability: query
    .input(probabilitySchema)
    .query(async ({ ctx: { server }, input: { horizonMs, shardlet, target } }) => {
      if (shardlet !== undefined) {
        const { map } = server.map;
        if (map === undefined) throw away();
        if (map.shardlet(shardlet) === undefined) throw noShardlet(shardlet);
      }
      const answer = await server.forecasts.probability({
        horizonMs,
        ...(shardlet === undefined ? {} : { shardlet }),
        ...(target === undefined ? {} : { target }),
      });
      return answer ?? null;
    }),
});

function noShardlet(shardlet: number): TRPCError {
  return new TRPCError({ code: 'NOT_FOUND', message: `There is no shardlet ${shardlet}.` });
}

const forecastHeatSchema = heatQuerySchema.and(
  z.object({ show: z.enum(['forecast', 'residual']).default('forecast') }),
);

/** In the shape of the heat map of what was; null while nothing was forecast. */
export const forecastHeat = query
  .input(forecastHeatSchema)
  .query(({ ctx: { server }, input }): Promise<HeatPicture | null> => {
    const make = () => pictureOfForecast(server, input);
    return server.forecastHeats.get(JSON.stringify(input), Date.now(), FRESH_MS, make);
  });

async function pictureOfForecast(
  server: ConsoleServer,
  input: z.infer<typeof forecastHeatSchema>,
): Promise<HeatPicture | null> {
  const { stream, map, parts } = await streamNamed(server, input.stream);
  const heat = await parts.forecasts.forecastHeat({
    streamId: stream.id,
    fromMs: input.fromMs,
    toMs: input.toMs,
    columnsMax: input.columns,
    rowsMax: input.rows,
    show: input.show,
    ...(input.shard === null ? {} : { shard: input.shard }),
    ...(input.from === null || input.to === null ? {} : { range: rangeOf(input.from, input.to) }),
  });
  if (heat === undefined) return null;
  const nowMs = Date.now();
  const hot = await hottestKeys(parts.telemetry, stream.id, { fromMs: nowMs - HOUR_MS, toMs: nowMs });
  return {
    ...heat,
    metric: input.show,
    stream: stream.name,
    rows: withKeys(rowsOf(heat, map, stream.id), hot),
    values: packed(heat.values),
    forecastFrom: Math.max(0, Math.ceil((nowMs - heat.fromMs) / heat.columnMs)),
    patterns: [],
    marks: { marks: [], isWhole: true },
    nowMs,
  };
}

async function streamNamed(server: ConsoleServer, name: string | null) {
  const parts = await server.partsFor(name);
  const { map } = parts;
  if (map === undefined) throw away();
  const rates = server.load.window.ratesByShardlet(Date.now());
  const stream = streamOf({ map, eventsOf: (shardlet) => rates.get(shardlet)?.events ?? 0 }, name);
  return { stream, map, parts };
}
