/**
 * Blocks in PostgreSQL, without Prisma: a picture of a month is some ten megabytes, and a roll-up holds the
 * lock of its feed through statements that depend on each other.
 */
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompressSync } from 'node:zlib';
import pg from 'pg';
import type {
  BlockKey,
  BlockQuery,
  BlockStore,
  BlockTransaction,
  Level,
  Part,
  StoredBlock,
} from '../../telemetry/index.ts';
import { databaseUnreachable, isConnectionFailure } from '../prisma/index.ts';

/** A roll-up takes one, pictures the others. */
const CONNECTIONS_MAX = 4;
const CONNECT_TIMEOUT_MS = 5_000;
/** A worker that falls silent keeps the others waiting no longer than this... */
const SILENT_MS = 60_000;
/** ...and one whose models take longer than that says that it is there. */
const SIGN_OF_LIFE_MS = SILENT_MS / 6;
/** Higher levels win little on counters. */
const COMPRESSION_LEVEL = 3;

const compress = promisify(zstdCompress);

const READ = `
  SELECT part, start_ms, source, data FROM telemetry_block
  WHERE stream = $1 AND level = $2 AND part = ANY($3) AND start_ms >= $4 AND start_ms < $5
  ORDER BY start_ms, part, source`;
const GET = `
  SELECT data FROM telemetry_block
  WHERE stream = $1 AND level = $2 AND part = $3 AND start_ms = $4 AND source = $5`;
const PUT = `
  INSERT INTO telemetry_block (stream, level, part, start_ms, source, data) VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (stream, level, part, start_ms, source) DO UPDATE SET data = EXCLUDED.data`;
const REMOVE = `
  DELETE FROM telemetry_block
  WHERE stream = $1 AND level = $2 AND part = $3 AND start_ms = $4 AND source = $5`;

interface Row {
  readonly part: Part;
  readonly start_ms: string;
  readonly source: string;
  readonly data: Buffer;
}

export class PostgresBlockStore implements BlockStore {
  private readonly databaseUrl: string;
  private readonly pool: pg.Pool;

  /** Connects when it is used. */
  constructor(databaseUrl: string, name: string) {
    this.databaseUrl = databaseUrl;
    this.pool = new pg.Pool({
      connectionString: databaseUrl,
      application_name: name,
      max: CONNECTIONS_MAX,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
    });
    // an idle connection that breaks is replaced; a query on one that breaks fails by itself
    this.pool.on('error', () => {});
  }

  read(query: BlockQuery): Promise<StoredBlock[]> {
    return this.reaching(() => readBlocks(this.pool, query));
  }

  exclusively<T>(feed: string, work: (tx: BlockTransaction) => Promise<T>): Promise<T | undefined> {
    return this.reaching(async () => {
      const client = await this.pool.connect();
      // a session that ends between two statements fails the next one; unheard it would end the process
      const unheard = () => {};
      client.on('error', unheard);
      const signs = setInterval(() => void client.query('SELECT 1').catch(unheard), SIGN_OF_LIFE_MS);
      let broken = true;
      try {
        const result = await alone(client, feed, work);
        broken = false;
        return result;
      } catch (error) {
        broken = await client.query('ROLLBACK').then(
          () => false,
          () => true,
        );
        throw error;
      } finally {
        clearInterval(signs);
        client.off('error', unheard);
        client.release(broken);
      }
    });
  }

  sources(stream: number): Promise<string[]> {
    return this.reaching(async () => {
      const sql = `SELECT DISTINCT source FROM telemetry_block WHERE stream = $1 AND source <> '' ORDER BY 1`;
      const { rows } = await this.pool.query<{ source: string }>(sql, [stream]);
      return rows.map((row) => row.source);
    });
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  private async reaching<T>(query: () => Promise<T>): Promise<T> {
    try {
      return await query();
    } catch (error) {
      throw isConnectionFailure(error) ? databaseUnreachable(this.databaseUrl, error) : error;
    }
  }
}

async function alone<T>(
  client: pg.PoolClient,
  feed: string,
  work: (tx: BlockTransaction) => Promise<T>,
): Promise<T | undefined> {
  await client.query('BEGIN');
  await client.query(`SET LOCAL idle_in_transaction_session_timeout = ${SILENT_MS}`);
  await client.query(`INSERT INTO telemetry_feed (name, state) VALUES ($1, '') ON CONFLICT DO NOTHING`, [
    feed,
  ]);
  const sql = 'SELECT state FROM telemetry_feed WHERE name = $1 FOR UPDATE SKIP LOCKED';
  const row = (await client.query<{ state: string }>(sql, [feed])).rows[0];
  if (row === undefined) {
    await client.query('ROLLBACK');
    return undefined;
  }
  const tx = new PostgresTransaction(client, feed, row.state === '' ? undefined : row.state);
  const result = await work(tx);
  await tx.finish();
  await client.query('COMMIT');
  return result;
}

class PostgresTransaction implements BlockTransaction {
  state: string | undefined;
  private readonly client: pg.PoolClient;
  private readonly feed: string;

  constructor(client: pg.PoolClient, feed: string, state: string | undefined) {
    this.client = client;
    this.feed = feed;
    this.state = state;
  }

  setState(state: string): void {
    this.state = state;
  }

  async get(key: BlockKey): Promise<Uint8Array | undefined> {
    const { rows } = await this.client.query<Pick<Row, 'data'>>(GET, paramsOf(key));
    return rows[0] === undefined ? undefined : unpacked(rows[0].data);
  }

  async put(key: BlockKey, bytes: Uint8Array): Promise<void> {
    await this.client.query(PUT, [...paramsOf(key), await packed(bytes)]);
  }

  async remove(key: BlockKey): Promise<void> {
    await this.client.query(REMOVE, paramsOf(key));
  }

  read(query: BlockQuery): Promise<StoredBlock[]> {
    return readBlocks(this.client, query);
  }

  async removeBefore(level: Level, parts: readonly Part[], startMs: number): Promise<number> {
    const sql = 'DELETE FROM telemetry_block WHERE level = $1 AND part = ANY($2) AND start_ms < $3';
    return (await this.client.query(sql, [level, parts, startMs])).rowCount ?? 0;
  }

  async removeSource(stream: number, source: string): Promise<number> {
    const sql = 'DELETE FROM telemetry_block WHERE stream = $1 AND source = $2';
    return (await this.client.query(sql, [stream, source])).rowCount ?? 0;
  }

  async finish(): Promise<void> {
    if (this.state === undefined) return;
    const sql = 'UPDATE telemetry_feed SET state = $2 WHERE name = $1';
    await this.client.query(sql, [this.feed, this.state]);
  }
}

function paramsOf({ stream, level, part, startMs, source }: BlockKey): unknown[] {
  return [stream, level, part, startMs, source];
}

async function readBlocks(client: pg.Pool | pg.PoolClient, wanted: BlockQuery): Promise<StoredBlock[]> {
  const { stream, level, parts, fromMs, toMs } = wanted;
  const { rows } = await client.query<Row>(READ, [stream, level, parts, fromMs, toMs]);
  return rows.map((row) => ({
    stream,
    level,
    part: row.part,
    startMs: Number(row.start_ms),
    source: row.source,
    bytes: unpacked(row.data),
  }));
}

/** Nothing is kept as nothing: a mark needs no frame. */
async function packed(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes.length === 0) return bytes;
  return compress(bytes, { params: { [constants.ZSTD_c_compressionLevel]: COMPRESSION_LEVEL } });
}

function unpacked(data: Buffer): Uint8Array {
  return data.length === 0 ? data : zstdDecompressSync(data);
}
