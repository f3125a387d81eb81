/** The heat map's questions. */
import { TRPCError } from '@trpc/server';
import { heatCell } from '../heat/heat-cell.ts';
import { type HeatParts, heatPicture } from '../heat/heat-picture.ts';
import { heatQuerySchema, heatWindowSchema } from '../heat/heat-query.ts';
import type { ConsoleServer } from '../main.ts';
import { away, query, router } from '../trpc.ts';
import { forecastHeat } from './forecasts.ts';

export const heatRouter = router({
  /** the half ahead of now, and how far off it was behind it */
  forecast: forecastHeat,

  picture: query
    .input(heatQuerySchema)
    .query(({ ctx: { server }, input }) => heatPicture(partsOf(server), input)),

  cell: query.input(heatWindowSchema).query(({ ctx: { server }, input }) => {
    const { from, to } = input;
    if (from === null || to === null)
      throw new TRPCError({ code: 'BAD_REQUEST', message: 'A cell is named by from and to.' });
    return heatCell(partsOf(server), { ...input, from, to });
  }),
});

function partsOf({ map: { map }, telemetry, forecasts, topology, load }: ConsoleServer): HeatParts {
  if (map === undefined) throw away();
  const nowMs = Date.now();
  const rates = load.window.ratesByShardlet(nowMs);
  return {
    map,
    telemetry,
    forecasts,
    topology,
    nowMs,
    eventsOf: (shardlet) => rates.get(shardlet)?.events ?? 0,
  };
}
