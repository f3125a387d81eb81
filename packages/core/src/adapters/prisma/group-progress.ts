/** How far groups were, in PostgreSQL: one statement for all groups, however many workers take it. */
import {
  type GroupProgressStore,
  PROGRESS_WINDOW_MS,
  type ProgressSample,
  SAMPLE_EVERY_MS,
} from '../../consuming/index.ts';
import { type PrismaClient, reaching } from './client.ts';

/** Beyond the window, so that its first sample is not missing when a worker was late. */
const KEPT_MS = 2 * PROGRESS_WINDOW_MS;

export class PrismaGroupProgress implements GroupProgressStore {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  /** Does not own the client. */
  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  async sample(): Promise<void> {
    await reaching(this.databaseUrl, async () => {
      await this.prisma.$executeRaw`
        INSERT INTO consumer_progress ("group", at_ms, processed, members)
        SELECT name, now_ms - now_ms % ${SAMPLE_EVERY_MS}::bigint, coalesce(sum(seq - skipped), 0),
               (SELECT count(*) FROM consumer_member m
                 WHERE m."group" = name AND m.seen_at_ms + session_ms > now_ms)
          FROM consumer_group
          LEFT JOIN consumer_checkpoint ON consumer_checkpoint."group" = name,
               LATERAL (SELECT floor(extract(epoch FROM now()) * 1000)::bigint AS now_ms) AS clock
         GROUP BY name, now_ms
        ON CONFLICT DO NOTHING`;
      await this.prisma.$executeRaw`
        DELETE FROM consumer_progress
         WHERE at_ms < floor(extract(epoch FROM now()) * 1000)::bigint - ${KEPT_MS}::bigint`;
    });
  }

  async recent(group: string): Promise<readonly ProgressSample[]> {
    const rows = await reaching(
      this.databaseUrl,
      () => this.prisma.$queryRaw<{ at_ms: bigint; processed: bigint; members: number | null }[]>`
        SELECT at_ms, processed, members FROM consumer_progress
         WHERE "group" = ${group}
           AND at_ms >= floor(extract(epoch FROM now()) * 1000)::bigint - ${PROGRESS_WINDOW_MS}::bigint
         ORDER BY at_ms`,
    );
    return rows.map(({ at_ms, processed, members }) => ({
      atMs: Number(at_ms),
      processed: Number(processed),
      ...(members === null ? {} : { members }),
    }));
  }

  async firsts(groups: readonly string[]): Promise<ReadonlyMap<string, ProgressSample>> {
    const names = [...groups];
    const rows = await reaching(
      this.databaseUrl,
      () => this.prisma.$queryRaw<{ group: string; atMs: number; processed: number }[]>`
        SELECT DISTINCT ON ("group") "group", at_ms::float8 AS "atMs", processed::float8 AS processed
          FROM consumer_progress
         WHERE "group" = ANY(${names}::text[])
           AND at_ms >= floor(extract(epoch FROM now()) * 1000)::bigint - ${PROGRESS_WINDOW_MS}::bigint
         ORDER BY "group", at_ms`,
    );
    return new Map(rows.map(({ group, ...sample }) => [group, sample]));
  }
}
