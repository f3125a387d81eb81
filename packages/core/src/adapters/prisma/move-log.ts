/** Moves, their journal and the switch for all of them, on PostgreSQL. */

import type { MoveProgress, MoveStep } from '../../machines/index.ts';
import {
  type JournalEntry,
  type Move,
  type MoveControls,
  type MoveIntent,
  type MoveLog,
  moveControlsSchema,
  moveSchema,
} from '../../moves/index.ts';
import { type PrismaClient, reaching } from './client.ts';
import type { MoveControl as MoveControlRow, Move as MoveRow } from './generated/client.ts';
import { named } from './order-effects.ts';

/** A journal is read whole; a move of a day has some hundreds of entries. */
const JOURNAL_MAX = 10_000;

export class PrismaMoveLog implements MoveLog {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async add(intents: readonly MoveIntent[]): Promise<void> {
    const data = intents.map(({ move, kind, actor, reason, deadlineAtMs, bytesPerSecondMax }) => ({
      ...move,
      kind,
      actor,
      reason,
      deadlineAt: deadlineAtMs === undefined ? null : new Date(deadlineAtMs),
      bytesPerSecondMax: bytesPerSecondMax ?? null,
    }));
    await this.reaching(() => this.prisma.move.createMany({ data, skipDuplicates: true }));
  }

  async find(id: number): Promise<Move | undefined> {
    const row = await this.reaching(() => this.prisma.move.findUnique({ where: { nextEpoch: id } }));
    return row === null ? undefined : toMove(row);
  }

  async list({ ended, limit }: { readonly ended: boolean; readonly limit: number }): Promise<Move[]> {
    const rows = await this.reaching(() =>
      this.prisma.move.findMany({
        where: ended ? {} : { endedAt: null },
        orderBy: { nextEpoch: 'desc' },
        take: limit,
      }),
    );
    return rows.map(toMove);
  }

  async order(id: number, order: Move['order'], reason: string, actor: string): Promise<boolean> {
    const { count } = await this.reaching(() =>
      named(this.prisma, (tx) =>
        tx.move.updateMany({
          // an abort stays one
          where: { nextEpoch: id, endedAt: null, order: { not: 'abort' } },
          data: { order, orderReason: reason, orderedBy: actor, orderedAt: new Date() },
        }),
      ),
    );
    return count === 1;
  }

  async progress(
    id: number,
    worker: string,
    { phase, bytes, records, sourceSeq, copiedSeq }: MoveProgress,
    bytesPerSecond: number,
  ): Promise<void> {
    const now = new Date();
    await this.reaching(
      () => this.prisma.$executeRaw`
      UPDATE move SET phase = ${phase}, worker = ${worker}, bytes = bytes + ${bytes},
        records = records + ${records}, source_seq = ${sourceSeq}, copied_seq = ${copiedSeq},
        bytes_per_second = ${bytesPerSecond}, obstacle = '', updated_at = ${now},
        started_at = coalesce(started_at, ${now})
      WHERE next_epoch = ${id} AND ended_at IS NULL`,
    );
  }

  async obstacle(id: number, worker: string, obstacle: string): Promise<void> {
    const data = { obstacle, worker, bytesPerSecond: 0, updatedAt: new Date() };
    await this.reaching(() => this.prisma.move.updateMany({ where: { nextEpoch: id, endedAt: null }, data }));
  }

  async note(id: number, worker: string, steps: readonly MoveStep[]): Promise<void> {
    const data = steps.map((step) => ({ ...step, worker, nextEpoch: id }));
    await this.reaching(() => this.prisma.moveStep.createMany({ data }));
  }

  async end(id: number, result: NonNullable<Move['result']>, detail: string): Promise<void> {
    const now = new Date();
    const data = { result, detail, phase: 'done', obstacle: '', endedAt: now, updatedAt: now };
    await this.reaching(() => this.prisma.move.updateMany({ where: { nextEpoch: id, endedAt: null }, data }));
  }

  async journal(id: number): Promise<JournalEntry[]> {
    const rows = await this.reaching(() =>
      this.prisma.moveStep.findMany({ where: { nextEpoch: id }, orderBy: { id: 'asc' }, take: JOURNAL_MAX }),
    );
    return rows.map(({ at, worker, what, bytes, detail }) => ({
      atMs: at.getTime(),
      worker,
      what: what as MoveStep['what'],
      bytes: Number(bytes),
      detail,
    }));
  }

  async controls(): Promise<MoveControls> {
    // not by its key: several of those at once become one query with `in`, which booleans do not have
    const row = await this.reaching(() => this.prisma.moveControl.findFirst());
    return row === null ? NO_CONTROLS : toControls(row);
  }

  async setControls(
    change: Partial<Omit<MoveControls, 'changedBy'>>,
    changedBy: string,
  ): Promise<MoveControls> {
    const data = { ...change, changedBy, changedAt: new Date() };
    const row = await this.reaching(() =>
      named(this.prisma, (tx) =>
        tx.moveControl.upsert({ where: { one: true }, create: { one: true, ...data }, update: data }),
      ),
    );
    return toControls(row);
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query);
  }
}

const CONCURRENCY_DEFAULT = 4;
const NO_CONTROLS: MoveControls = {
  paused: false,
  reason: '',
  changedBy: null,
  bytesPerSecondMax: null,
  concurrencyMax: CONCURRENCY_DEFAULT,
};

function toControls({ bytesPerSecondMax, ...row }: MoveControlRow): MoveControls {
  return moveControlsSchema.parse({ ...row, bytesPerSecondMax: numberOrNull(bytesPerSecondMax) });
}

function toMove(row: MoveRow): Move {
  return moveSchema.parse({
    ...row,
    id: Number(row.nextEpoch),
    shardlet: Number(row.shardlet),
    source: Number(row.source),
    dest: Number(row.dest),
    createdAtMs: row.createdAt.getTime(),
    deadlineAtMs: row.deadlineAt?.getTime() ?? null,
    bytesPerSecondMax: numberOrNull(row.bytesPerSecondMax),
    startedAtMs: row.startedAt?.getTime() ?? null,
    updatedAtMs: row.updatedAt.getTime(),
    bytes: Number(row.bytes),
    records: Number(row.records),
    sourceSeq: Number(row.sourceSeq),
    copiedSeq: Number(row.copiedSeq),
    endedAtMs: row.endedAt?.getTime() ?? null,
  });
}

function numberOrNull(value: bigint | null): number | null {
  return value === null ? null : Number(value);
}
