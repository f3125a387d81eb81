/** What the page of forecasts has in the first minutes of a cluster. */
import type { ForecastRecords, ForecastStore } from '@foreshard/core/forecast-service';
import { expect, it } from 'vitest';
import { recorded, T0_MS } from '../recorded.fixture.ts';
import { forecastPicture } from './forecast-picture.ts';

const MINUTE_MS = 60_000;

async function pictureAt(minute: number, isRecorded: boolean) {
  const { map, telemetry } = await recorded(minute, isRecorded ? [[2, 0, 600]] : []);
  const [stream] = map.streams();
  const nothing = { latest: async () => undefined, wholesBetween: async () => [] };
  const server = {
    telemetry: isRecorded ? telemetry : (await recorded(0, [])).telemetry,
    forecasts: { forecastOf: async () => undefined } as unknown as ForecastStore,
    forecastRecords: nothing as unknown as ForecastRecords,
  };
  const place = { streamId: stream!.id, shardlet: null, resolution: null };
  return forecastPicture(server, place, T0_MS + minute * MINUTE_MS);
}

it('asks for no day while there is none, and says when the first forecast comes', async () => {
  expect(await pictureAt(4, true)).toMatchObject({
    ...{ resolution: '5m', model: null, firstMs: T0_MS + 6 * MINUTE_MS, youngUntilMs: null },
  });
});

it('promises nothing before there is load', async () => {
  expect(await pictureAt(4, false)).toMatchObject({ points: [], model: null, firstMs: null });
});
