/** Forecasts on PostgreSQL: a row an origin, packed and compressed. */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import {
  type ForecastRecords,
  packForecast,
  type Resolution,
  type StreamForecast,
  unpackForecast,
} from '../../predicting/index.ts';
import { type PrismaClient, reaching } from './client.ts';

export class PrismaForecastRecords implements ForecastRecords {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async add(forecast: StreamForecast): Promise<void> {
    const { streamId: stream, resolution, originMs } = forecast;
    const payload = zstdCompressSync(packForecast(forecast));
    await this.reaching(() =>
      this.prisma.forecastOrigin.upsert({
        where: { stream_resolution_originMs: { stream, resolution, originMs } },
        create: { stream, resolution, originMs, payload: new Uint8Array(payload) },
        update: { payload: new Uint8Array(payload) },
      }),
    );
  }

  async latest(stream: number, resolution: Resolution): Promise<StreamForecast | undefined> {
    const row = await this.reaching(() =>
      this.prisma.forecastOrigin.findFirst({
        where: { stream, resolution },
        orderBy: { originMs: 'desc' },
      }),
    );
    return row === null ? undefined : unpacked(row);
  }

  async between(
    stream: number,
    resolution: Resolution,
    fromMs: number,
    toMs: number,
  ): Promise<StreamForecast[]> {
    const rows = await this.reaching(() =>
      this.prisma.forecastOrigin.findMany({
        where: { stream, resolution, originMs: { gte: fromMs, lt: toMs } },
        orderBy: { originMs: 'asc' },
      }),
    );
    return rows.map(unpacked);
  }

  async forget(resolution: Resolution, beforeMs: number): Promise<number> {
    const where = { resolution, originMs: { lt: beforeMs } };
    return (await this.reaching(() => this.prisma.forecastOrigin.deleteMany({ where }))).count;
  }

  async state(stream: number, resolution: Resolution): Promise<string | undefined> {
    const where = { stream_resolution: { stream, resolution } };
    return (await this.reaching(() => this.prisma.forecastState.findUnique({ where })))?.state;
  }

  async setState(stream: number, resolution: Resolution, state: string): Promise<void> {
    await this.reaching(() =>
      this.prisma.forecastState.upsert({
        where: { stream_resolution: { stream, resolution } },
        create: { stream, resolution, state },
        update: { state },
      }),
    );
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query);
  }
}

function unpacked({ payload }: { payload: Uint8Array }): StreamForecast {
  return unpackForecast(zstdDecompressSync(payload));
}
