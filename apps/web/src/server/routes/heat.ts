/** The heat map's questions. */
import { TRPCError } from '@trpc/server';
import { heatCell } from '../heat/heat-cell.ts';
import { type HeatParts, heatPicture } from '../heat/heat-picture.ts';
import { heatQuerySchema, heatWindowSchema } from '../heat/heat-query.ts';
import type { ConsoleServer } from '../main.ts';
import { away, query, router } from '../trpc.ts';
import { forecastHeat } from './forecasts.ts';

/** A page asks again every 15 s; a picture of hours changes more slowly. */
const FRESH_MS = 10_000;
const LONG_FRESH_MS = 60_000;
const LONG_MS = 48 * 3_600_000;

export const heatRouter = router({
  /** the half ahead of now, and how far off it was behind it */
  forecast: forecastHeat,

  picture: query.input(heatQuerySchema).query(({ ctx: { server }, input }) => {
    const freshMs = input.toMs - input.fromMs > LONG_MS ? LONG_FRESH_MS : FRESH_MS;
    const make = async () => heatPicture(await partsOf(server, input.stream), input);
    return server.heatPictures.get(JSON.stringify(input), Date.now(), freshMs, make);
  }),

  cell: query.input(heatWindowSchema).query(async ({ ctx: { server }, input }) => {
    const { from, to } = input;
    if (from === null || to === null)
      throw new TRPCError({ code: 'BAD_REQUEST', message: 'A cell is named by from and to.' });
    return heatCell(await partsOf(server, input.stream), { ...input, from, to });
  }),
});

async function partsOf(server: ConsoleServer, stream: string | null): Promise<HeatParts> {
  const { map, telemetry, forecasts, topology } = await server.partsFor(stream);
  if (map === undefined) throw away();
  const nowMs = Date.now();
  const rates = server.load.window.ratesByShardlet(nowMs);
  return {
    map,
    telemetry,
    forecasts,
    topology,
    nowMs,
    eventsOf: (shardlet) => rates.get(shardlet)?.events ?? 0,
  };
}
