/**
 * Slices of what is learned, in PostgreSQL. Leases are measured by the database's own clock, so workers need not agree on the time.
 * Each write of a holder names its fence in the same statement that writes.
 */
import { createHash } from 'node:crypto';
import {
  type ClaimedSlice,
  type HeldFence,
  isSameModel,
  type Progress,
  progressSchema,
  type SliceId,
  type SliceReport,
  type SliceRow,
  type SliceSettings,
  type SliceStore,
  sliceReportSchema,
  sliceSettingsSchema,
} from '../../anticipating/index.ts';
import { type PrismaClient, reaching } from './client.ts';
import { namedTransaction } from './order-effects.ts';

/** A worker that was not seen for so long is gone. */
const WORKER_SEEN_MS = 10_000;
/** A state of some ten megabytes. */
const ANSWER_WITHIN_MS = 25_000;
/** key space of the advisory lock of whoever divides */
const DIVIDE_LOCK = 0x6364;

interface Listed extends SliceId {
  readonly settings: unknown;
  readonly holder: string | null;
  readonly saved_ms: number | null;
  readonly report: unknown;
}

interface Claimed extends SliceId {
  readonly settings: unknown;
  readonly fence: bigint;
  readonly progress: unknown;
  readonly snapshot: Uint8Array | null;
  readonly digest: Uint8Array | null;
}

export class PrismaSliceStore implements SliceStore {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  /** Does not own the client. */
  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async list(): Promise<readonly SliceRow[]> {
    const rows = await this.reaching(
      () => this.prisma.$queryRaw<Listed[]>`
        SELECT stream, slice, settings, report, CASE WHEN lease_until > now() THEN holder END AS holder,
               (extract(epoch FROM saved_at) * 1000)::float8 AS saved_ms
          FROM correlation_slice ORDER BY stream, slice`,
    );
    return rows.flatMap((row) => {
      const settings = sliceSettingsSchema.safeParse(row.settings);
      // of another release: whoever divides replaces it
      if (!settings.success) return [];
      const report = sliceReportSchema.safeParse(row.report);
      return {
        ...{ stream: row.stream, slice: row.slice, settings: settings.data },
        ...{ holder: row.holder ?? undefined, savedAtMs: row.saved_ms ?? undefined },
        report: report.success ? report.data : undefined,
      };
    });
  }

  divide(wanted: ReadonlyMap<number, SliceSettings>): Promise<number> {
    return this.reaching(() =>
      namedTransaction(this.prisma, async (tx) => {
        await tx.$executeRaw`SELECT pg_advisory_xact_lock(${DIVIDE_LOCK}::int, 0::int)`;
        const rows = await tx.correlationSlice.findMany({
          select: { stream: true, slice: true, settings: true },
        });
        let changed = 0;
        const seen = new Set<string>();
        for (const { stream, slice, settings } of rows) {
          const to = wanted.get(stream);
          const from = sliceSettingsSchema.safeParse(settings);
          const where = { stream_slice: { stream, slice } };
          seen.add(`${stream}/${slice}`);
          if (to !== undefined && slice < to.slices && from.success && isSameModel(from.data, to)) {
            if (from.data.share === to.share) continue;
            await tx.correlationSlice.update({ where, data: { settings: to } });
          } else if (to !== undefined && slice < to.slices) {
            await tx.$executeRaw`
              UPDATE correlation_slice SET settings = ${JSON.stringify(to)}::jsonb, fence = fence + 1,
                     holder = NULL, lease_until = NULL, progress = NULL, snapshot = NULL, digest = NULL,
                     saved_at = NULL, report = NULL
               WHERE stream = ${stream}::int AND slice = ${slice}::int`;
          } else await tx.correlationSlice.delete({ where });
          changed++;
        }
        for (const [stream, to] of wanted)
          for (let slice = 0; slice < to.slices; slice++) {
            if (seen.has(`${stream}/${slice}`)) continue;
            await tx.correlationSlice.create({ data: { stream, slice, settings: to } });
            changed++;
          }
        return changed;
      }),
    );
  }

  async attend(worker: string): Promise<number> {
    const rows = await this.reaching(
      () => this.prisma.$queryRaw<{ living: number }[]>`
        WITH gone AS (
          DELETE FROM correlation_worker
           WHERE worker <> ${worker} AND seen_at < now() - ${WORKER_SEEN_MS}::int * interval '1 millisecond'
        ), seen AS (
          INSERT INTO correlation_worker (worker, seen_at) VALUES (${worker}, now())
          ON CONFLICT (worker) DO UPDATE SET seen_at = now()
        )
        SELECT (1 + count(*))::int AS living FROM correlation_worker
         WHERE worker <> ${worker} AND seen_at >= now() - ${WORKER_SEEN_MS}::int * interval '1 millisecond'`,
    );
    return rows[0]!.living;
  }

  async claim(
    { stream, slice }: SliceId,
    worker: string,
    leaseMs: number,
  ): Promise<ClaimedSlice | undefined> {
    const rows = await this.reaching(
      () => this.prisma.$queryRaw<Claimed[]>`
        UPDATE correlation_slice SET holder = ${worker}, fence = fence + 1,
               lease_until = now() + ${leaseMs}::int * interval '1 millisecond'
         WHERE stream = ${stream}::int AND slice = ${slice}::int
           AND (lease_until IS NULL OR lease_until <= now())
        RETURNING stream, slice, settings, fence, progress, snapshot, digest`,
    );
    const row = rows[0];
    if (row === undefined) return undefined;
    const settings = sliceSettingsSchema.parse(row.settings);
    return { stream, slice, fence: Number(row.fence), settings, ...stateOf(row) };
  }

  async renew(held: HeldFence, leaseMs: number, report?: SliceReport): Promise<SliceSettings | undefined> {
    const { stream, slice, fence } = held;
    const text = report === undefined ? null : JSON.stringify(report);
    const rows = await this.reaching(
      () => this.prisma.$queryRaw<{ settings: unknown }[]>`
        UPDATE correlation_slice SET lease_until = now() + ${leaseMs}::int * interval '1 millisecond',
               report = coalesce(${text}::jsonb, report)
         WHERE stream = ${stream}::int AND slice = ${slice}::int AND fence = ${fence}::bigint
        RETURNING settings`,
    );
    return rows[0] === undefined ? undefined : sliceSettingsSchema.parse(rows[0].settings);
  }

  async save(held: HeldFence, progress: Progress, state: Uint8Array): Promise<boolean> {
    const { stream, slice, fence } = held;
    const count = await this.reaching(
      () => this.prisma.$executeRaw`
        UPDATE correlation_slice SET progress = ${JSON.stringify(progress)}::jsonb, snapshot = ${state}::bytea,
               digest = ${digestOf(state)}::bytea, saved_at = now()
         WHERE stream = ${stream}::int AND slice = ${slice}::int AND fence = ${fence}::bigint`,
    );
    return count === 1;
  }

  async release({ stream, slice, fence }: HeldFence): Promise<void> {
    await this.reaching(
      () => this.prisma.$executeRaw`
        UPDATE correlation_slice SET holder = NULL, lease_until = NULL
         WHERE stream = ${stream}::int AND slice = ${slice}::int AND fence = ${fence}::bigint`,
    );
  }

  async leave(worker: string): Promise<void> {
    await this.reaching(() => this.prisma.correlationWorker.deleteMany({ where: { worker } }));
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query, ANSWER_WITHIN_MS);
  }
}

function stateOf({ progress, snapshot, digest }: Claimed): Pick<ClaimedSlice, 'progress' | 'state'> {
  const read = progressSchema.safeParse(progress);
  const nothing = { progress: undefined, state: undefined };
  if (!read.success || snapshot === null || digest === null) return nothing;
  // a state that is damaged is learned anew
  if (Buffer.compare(digestOf(snapshot), digest) !== 0) return nothing;
  return { progress: read.data, state: snapshot };
}

function digestOf(state: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(createHash('sha256').update(state).digest());
}
