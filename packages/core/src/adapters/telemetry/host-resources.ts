/**
 * What the engine of a host uses, as it says itself: INFO of Redis and Valkey, statistics of PostgreSQL. It
 * has connections of its own, one a host, so that a host that is slow to tell keeps no append waiting.
 * PostgreSQL tells neither its CPU nor its memory nor its network: they stay unknown.
 */
import { Redis } from 'ioredis';
import pg from 'pg';
import type { HostCounters } from '../../telemetry/index.ts';
import type { Host } from '../../topology/index.ts';

const TIMEOUT_MS = 3_000;

/** Counters since the start of the engine, and what is in use now. */
export interface HostResources extends HostCounters {
  readonly memoryBytes?: number;
  readonly diskBytes?: number;
}

interface Reader {
  readonly url: string;
  read(): Promise<HostResources>;
  close(): void;
}

export class HostResourceReader {
  private readonly readers = new Map<number, Reader>();
  private readonly nowMs: () => number;

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  /** @throws when the host does not answer in time */
  read(host: Host): Promise<HostResources> {
    let reader = this.readers.get(host.id);
    if (reader === undefined || reader.url !== host.url) {
      reader?.close();
      reader =
        host.engine === 'redis' ? redisReader(host.url, this.nowMs) : postgresReader(host.url, this.nowMs);
      this.readers.set(host.id, reader);
    }
    return reader.read();
  }

  /** Closes what is open to hosts that are not among these. */
  keep(ids: ReadonlySet<number>): void {
    for (const [id, reader] of this.readers)
      if (!ids.has(id)) {
        reader.close();
        this.readers.delete(id);
      }
  }

  close(): void {
    this.keep(new Set());
  }
}

function redisReader(url: string, nowMs: () => number): Reader {
  const redis = new Redis(url, {
    connectionName: 'foreshard-resources',
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    maxRetriesPerRequest: 1,
  });
  // the call that fails tells it
  redis.on('error', () => {});
  return {
    url,
    read: async () => fromInfo(await redis.info(), nowMs()),
    close: () => redis.disconnect(),
  };
}

function fromInfo(text: string, atMs: number): HostResources {
  const fields = new Map(
    text.split('\r\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1)] as const;
    }),
  );
  const sum = (...names: string[]) => {
    const values = names.map((name) => fields.get(name)).filter((value) => value !== undefined);
    return values.length === 0 ? {} : { value: values.reduce((total, value) => total + Number(value), 0) };
  };
  const named = <N extends string>(name: N, { value }: { value?: number }) =>
    (value === undefined ? {} : { [name]: value }) as { [K in N]?: number };
  return {
    atMs,
    run: fields.get('run_id') ?? '',
    ...named(
      'cpuSeconds',
      sum('used_cpu_sys', 'used_cpu_user', 'used_cpu_sys_children', 'used_cpu_user_children'),
    ),
    ...named('memoryBytes', sum('used_memory_rss')),
    ...named('diskBytes', sum('aof_current_size')),
    ...named('networkInBytes', sum('total_net_input_bytes')),
    ...named('networkOutBytes', sum('total_net_output_bytes')),
    ...named('commands', sum('total_commands_processed')),
  };
}

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

function postgresReader(url: string, nowMs: () => number): Reader {
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
    url,
    async read() {
      const { rows } = await pool.query<StatisticsRow>(STATISTICS);
      const { run, disk_read, transactions, disk } = rows[0]!;
      return { atMs: nowMs(), run, diskReadBytes: disk_read, commands: transactions, diskBytes: disk };
    },
    close: () => void pool.end(),
  };
}
