/**
 * The registry of models on PostgreSQL. Promotions are only ever appended, under a lock of the stream's own, so
 * that two who promote at once cannot both believe they followed the same champion.
 */
import {
  type ModelRegistry,
  type ModelVersion,
  type Promotion,
  type Resolution,
  TRAINING_SILENT_MS,
  type TrainingRun,
} from '../../forecast-service/index.ts';
import { type Prisma, type PrismaClient, reaching } from './client.ts';
import type { TrainingRun as RunRow, ModelVersion as VersionRow } from './generated/client.ts';
import { namedTransaction } from './order-effects.ts';

/** key space of the advisory locks */
const PROMOTION_LOCK = 0x666f;
const TRAINING_LOCK = 0x7472;
/** the end of a longer log is kept */
const LOG_CHARS_MAX = 200_000;

export class PrismaModelRegistry implements ModelRegistry {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async versions(stream: number, resolution: Resolution, count: number): Promise<ModelVersion[]> {
    const query = { where: { stream, resolution }, orderBy: { id: 'desc' }, take: count } as const;
    return (await this.reaching(() => this.prisma.modelVersion.findMany(query))).map(versionFrom);
  }

  async version(id: number): Promise<ModelVersion | undefined> {
    const row = await this.reaching(() => this.prisma.modelVersion.findUnique({ where: { id } }));
    return row === null ? undefined : versionFrom(row);
  }

  async add({ streamId, members, parameters, ...version }: Omit<ModelVersion, 'id'>): Promise<number> {
    const data = {
      ...version,
      stream: streamId,
      members: JSON.stringify(members),
      parameters: JSON.stringify(parameters),
    };
    return Number((await this.reaching(() => this.prisma.modelVersion.create({ data }))).id);
  }

  async champion(stream: number, resolution: Resolution): Promise<ModelVersion | undefined> {
    const [newest] = await this.promotions(stream, resolution, 1);
    return newest === undefined ? undefined : this.version(newest.version);
  }

  async promotions(stream: number, resolution: Resolution, count: number): Promise<Promotion[]> {
    const query = { where: { stream, resolution }, orderBy: { id: 'desc' }, take: count } as const;
    const rows = await this.reaching(() => this.prisma.modelPromotion.findMany(query));
    return rows.map(({ version, previous, atMs, actor, reason }) => ({
      version: Number(version),
      previous: previous === null ? null : Number(previous),
      atMs: Number(atMs),
      actor,
      reason,
    }));
  }

  promote(
    { id, streamId: stream, resolution }: ModelVersion,
    why: { actor: string; reason: string; atMs: number },
    expected?: number | null,
  ): Promise<boolean> {
    return this.reaching(() =>
      namedTransaction(this.prisma, async (tx) => {
        await lock(tx, PROMOTION_LOCK, stream);
        const newest = await tx.modelPromotion.findFirst({
          where: { stream, resolution },
          orderBy: { id: 'desc' },
        });
        const previous = newest === null ? null : Number(newest.version);
        if (expected !== undefined && expected !== previous) return false;
        await tx.modelPromotion.create({ data: { stream, resolution, version: id, previous, ...why } });
        return true;
      }),
    );
  }

  start(run: Pick<TrainingRun, 'streamId' | 'reason' | 'actor' | 'startedMs'>): Promise<number | undefined> {
    const { streamId: stream, reason, actor, startedMs } = run;
    return this.reaching(() =>
      this.prisma.$transaction(async (tx) => {
        await lock(tx, TRAINING_LOCK, 0);
        const silent = { state: 'running', seenMs: { lt: startedMs - TRAINING_SILENT_MS } };
        await tx.trainingRun.updateMany({
          where: silent,
          data: { state: 'failed', endedMs: startedMs, detail: 'its worker has died' },
        });
        if ((await tx.trainingRun.count({ where: { state: 'running' } })) > 0) return undefined;
        const data = { stream, reason, actor, state: 'running', startedMs, seenMs: startedMs };
        return Number((await tx.trainingRun.create({ data })).id);
      }),
    );
  }

  async seen(run: number, atMs: number, log: string): Promise<void> {
    await this.reaching(
      () => this.prisma.$executeRaw`
        UPDATE training_run SET seen_ms = ${atMs}, log = right(log || ${log}, ${LOG_CHARS_MAX})
        WHERE id = ${run} AND state = 'running'`,
    );
  }

  async end(run: number, state: 'finished' | 'failed', atMs: number, detail: string): Promise<void> {
    await this.reaching(() =>
      this.prisma.trainingRun.updateMany({
        where: { id: run, state: 'running' },
        data: { state, endedMs: atMs, detail },
      }),
    );
  }

  async runs(count: number): Promise<TrainingRun[]> {
    const query = { orderBy: { id: 'desc' }, take: count } as const;
    return (await this.reaching(() => this.prisma.trainingRun.findMany(query))).map(runFrom);
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query);
  }
}

async function lock(tx: Prisma.TransactionClient, kind: number, of: number): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(${kind}::int, ${of % 0x7fff_ffff}::int)`;
}

function versionFrom({ id, stream, run, members, parameters, ...row }: VersionRow): ModelVersion {
  return {
    ...row,
    id: Number(id),
    streamId: Number(stream),
    resolution: row.resolution as Resolution,
    members: JSON.parse(members) as string[],
    parameters: JSON.parse(parameters) as Record<string, unknown>,
    windowFromMs: Number(row.windowFromMs),
    windowToMs: Number(row.windowToMs),
    run: Number(run),
    createdMs: Number(row.createdMs),
  };
}

function runFrom({ id, stream, state, startedMs, endedMs, ...row }: RunRow): TrainingRun {
  return {
    id: Number(id),
    streamId: stream === null ? null : Number(stream),
    reason: row.reason,
    actor: row.actor,
    state: state as TrainingRun['state'],
    startedMs: Number(startedMs),
    endedMs: endedMs === null ? null : Number(endedMs),
    detail: row.detail,
    log: row.log,
  };
}
