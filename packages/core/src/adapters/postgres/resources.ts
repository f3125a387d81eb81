/**
 * What a PostgreSQL uses, as its statistics say. It tells neither its CPU nor its memory nor its network: they stay
 * unknown.
 */
import pg from 'pg';

const TIMEOUT_MS = 3_000;

/** Blocks are read past the buffers of PostgreSQL: from the disk, or from the cache of the machine. */
const STATISTICS = `
  SELECT extract(epoch FROM pg_postmaster_start_time())::text AS run,
    (SELECT sum(blks_read)::float8 * current_setting('block_size')::int FROM pg_stat_database) AS disk_read,
    (SELECT sum(xact_commit + xact_rollback)::float8 FROM pg_stat_database) AS transactions,
    (SELECT sum(pg_database_size(oid))::float8 FROM pg_database WHERE has_database_privilege(oid, 'CONNECT')) AS disk`;

interface StatisticsRow {
  readonly run: string;
  readonly disk_read: number;
  readonly transactions: number;
  readonly disk: number;
}

export function resourcesOf(url: string, nowMs: () => number) {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'foreshard-resources',
    max: 1,
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
  });
  // the call that fails tells it
  pool.on('error', () => {});
  return {
    async read() {
      const { rows } = await pool.query<StatisticsRow>(STATISTICS);
      const { run, disk_read, transactions, disk } = rows[0]!;
      return { atMs: nowMs(), run, diskReadBytes: disk_read, commands: transactions, diskBytes: disk };
    },
    close: () => void pool.end(),
  };
}
