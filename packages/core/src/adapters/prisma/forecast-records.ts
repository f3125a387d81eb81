/**
 * Forecasts on PostgreSQL: a row an origin, packed and compressed. What is known of the whole stream stands first, in a
 * frame of its own, so that a week of origins can be read without the shares of a hundred thousand shardlets.
 */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import {
  type ForecastRecords,
  packForecast,
  type Resolution,
  type StreamForecast,
  unpackForecast,
  unpackTogether,
  unpackWhole,
  type WholeForecast,
} from '../../forecast-service/index.ts';
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
    const payload = framed(forecast);
    await this.reaching(() =>
      this.prisma.forecastOrigin.upsert({
        where: { stream_resolution_originMs: { stream, resolution, originMs } },
        create: { stream, resolution, originMs, payload },
        update: { payload },
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

  async wholesBetween(
    stream: number,
    resolution: Resolution,
    fromMs: number,
    toMs: number,
  ): Promise<WholeForecast[]> {
    const rows = await this.reaching(
      () => this.prisma.$queryRaw<{ origin: bigint; head: Uint8Array }[]>`
        SELECT origin_ms AS origin, substring(payload FROM 1 FOR ${HEAD_READ_BYTES}::int) AS head FROM forecast_origin
        WHERE stream = ${stream} AND resolution = ${resolution} AND origin_ms >= ${fromMs} AND origin_ms < ${toMs}
        ORDER BY origin_ms`,
    );
    const wholes: WholeForecast[] = [];
    for (const { origin, head } of rows) {
      const whole = wholeIn(head);
      if (whole !== undefined) wholes.push(whole);
      else wholes.push(...(await this.between(stream, resolution, Number(origin), Number(origin) + 1)));
    }
    return wholes;
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

/** of a payload: what a whole takes, with sixteen shardlets that have models of their own */
const HEAD_READ_BYTES = 32_768;
/** no zstd frame begins so: what was kept before the parts were parted has no such mark */
const MARK = Buffer.from('FSF2');
/** the mark, and the length of the first frame */
const PREFIX_BYTES = MARK.length + 4;

function framed(forecast: StreamForecast): Uint8Array<ArrayBuffer> {
  const { whole, shares } = packForecast(forecast);
  const first = zstdCompressSync(whole);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(first.length);
  return new Uint8Array(Buffer.concat([MARK, length, first, zstdCompressSync(shares)]));
}

function unpacked({ payload }: { payload: Uint8Array }): StreamForecast {
  const end = endOfWhole(payload);
  if (end === undefined) return unpackTogether(zstdDecompressSync(payload));
  return unpackForecast({
    whole: zstdDecompressSync(payload.subarray(PREFIX_BYTES, end)),
    shares: zstdDecompressSync(payload.subarray(end)),
  });
}

/** Undefined where the whole does not stand at the beginning, or goes on beyond what was read. */
function wholeIn(head: Uint8Array): WholeForecast | undefined {
  const end = endOfWhole(head);
  if (end === undefined || end > head.length) return undefined;
  return unpackWhole(zstdDecompressSync(head.subarray(PREFIX_BYTES, end)));
}

function endOfWhole(payload: Uint8Array): number | undefined {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  if (!bytes.subarray(0, MARK.length).equals(MARK)) return undefined;
  return PREFIX_BYTES + bytes.readUInt32BE(MARK.length);
}
