/** What is written down about recoveries, in PostgreSQL. Models and verdicts belong to whoever wrote last. */
import {
  type DueRecords,
  type DueVerdict,
  type KeptStates,
  type MeasuredRecovery,
  type RecoveryModel,
  type RecoveryRecords,
  type RecoveryRow,
  VERDICT_MAX_AGE_MS,
} from '../../checkpointing/index.ts';
import { type Prisma, type PrismaClient, reaching } from './client.ts';

const ANSWER_WITHIN_MS = 6_000;
const INT_MAX = 2_147_483_647;

export class PrismaRecoveryRecords implements RecoveryRecords, DueRecords {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  /** Does not own the client. */
  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async note(group: string, recovery: MeasuredRecovery): Promise<void> {
    const restoreMs = Math.min(INT_MAX, recovery.restoreMs);
    const replayMs = Math.min(INT_MAX, recovery.replayMs);
    await this.reaching(() =>
      this.prisma.consumerRecovery.create({ data: { ...recovery, group, restoreMs, replayMs } }),
    );
  }

  async after(group: string, id: number, limit: number): Promise<readonly RecoveryRow[]> {
    const rows = await this.reaching(() =>
      this.prisma.consumerRecovery.findMany({
        where: { group, id: { gt: id } },
        orderBy: { id: 'asc' },
        take: limit,
      }),
    );
    return rows.map(toRecovery);
  }

  async latest(group: string, limit: number): Promise<readonly RecoveryRow[]> {
    const rows = await this.reaching(() =>
      this.prisma.consumerRecovery.findMany({ where: { group }, orderBy: { id: 'desc' }, take: limit }),
    );
    return rows.map(toRecovery);
  }

  async forget(group: string, kept: number): Promise<void> {
    await this.reaching(
      () => this.prisma.$executeRaw`
        DELETE FROM consumer_recovery
         WHERE "group" = ${group}
           AND id <= (SELECT id FROM consumer_recovery WHERE "group" = ${group}
                       ORDER BY id DESC OFFSET ${kept}::bigint LIMIT 1)`,
    );
  }

  async model(group: string) {
    const row = await this.reaching(() => this.prisma.consumerRecoveryModel.findUnique({ where: { group } }));
    if (row === null) return undefined;
    return { model: row.model as unknown as RecoveryModel, fittedAtMs: row.fittedAt.getTime() };
  }

  async saveModel(group: string, model: RecoveryModel): Promise<void> {
    const data = { model: { ...model, ...plain(model) }, fittedAt: new Date() };
    await this.reaching(() =>
      this.prisma.consumerRecoveryModel.upsert({
        where: { group },
        create: { group, ...data },
        update: data,
      }),
    );
  }

  async save(group: string, verdicts: readonly DueVerdict[]): Promise<void> {
    const rows = JSON.stringify(verdicts);
    await this.reaching(
      () => this.prisma.$executeRaw`
        WITH given AS MATERIALIZED (
          SELECT g.name, r.shardlet, r.verdict
            FROM consumer_group g, json_to_recordset(${rows}::json) AS r(shardlet bigint, verdict jsonb)
           WHERE g.name = ${group}
        ), gone AS (
          DELETE FROM consumer_checkpoint_due d
           WHERE d."group" = ${group} AND NOT EXISTS (SELECT 1 FROM given WHERE given.shardlet = d.shardlet)
        )
        INSERT INTO consumer_checkpoint_due ("group", shardlet, verdict, at)
        SELECT name, shardlet, verdict, clock_timestamp() FROM given
        ON CONFLICT ("group", shardlet) DO UPDATE SET verdict = excluded.verdict, at = excluded.at`,
    );
  }

  async recent(group: string): Promise<readonly DueVerdict[]> {
    const rows = await this.reaching(
      () => this.prisma.$queryRaw<DueVerdict[]>`
        SELECT shardlet::float8 AS shardlet, verdict FROM consumer_checkpoint_due
         WHERE "group" = ${group}
           AND at > clock_timestamp() - make_interval(secs => ${VERDICT_MAX_AGE_MS / 1_000}::float8)
         ORDER BY shardlet`,
    );
    return rows;
  }

  async over(groups: readonly string[]): Promise<ReadonlyMap<string, KeptStates>> {
    const names = [...groups];
    const rows = await this.reaching(
      () => this.prisma.$queryRaw<(KeptStates & { readonly group: string })[]>`
        SELECT "group", count(*)::float8 AS shardlets,
               min((verdict->>'takenAtMs')::float8) AS "oldestCheckpointAt",
               count(*) FILTER (WHERE verdict->>'takenAtMs' IS NULL)::float8 AS "withoutCheckpoint",
               max((verdict->'recovery'->>'totalMs')::float8) AS "recoveryMs",
               max((verdict->>'backlogEvents')::float8) AS backlog,
               count(*) FILTER (WHERE (verdict->>'isDue')::bool)::float8 AS due
          FROM consumer_checkpoint_due
         WHERE "group" = ANY(${names}::text[])
           AND at > clock_timestamp() - make_interval(secs => ${VERDICT_MAX_AGE_MS / 1_000}::float8)
         GROUP BY "group"`,
    );
    return new Map(rows.map(({ group, ...states }) => [group, states]));
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query, ANSWER_WITHIN_MS);
  }
}

type Row = Prisma.ConsumerRecoveryGetPayload<object>;

function toRecovery({ restoreMs, replayMs, fromLog, ...row }: Row): RecoveryRow {
  return {
    ...{ restoreMs, replayMs, fromLog, atMs: row.at.getTime() },
    ...{ id: Number(row.id), shardlet: Number(row.shardlet), bytes: Number(row.bytes) },
    ...{ replayedEvents: Number(row.replayedEvents), lostEvents: Number(row.lostEvents) },
  };
}

/** Prisma takes no readonly objects. */
function plain({ restoreError, replayError }: RecoveryModel) {
  return { restoreError: { ...restoreError }, replayError: { ...replayError } };
}
