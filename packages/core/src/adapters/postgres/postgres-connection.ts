/**
 * Connections to one host, always to the same run of the same server: every new connection is asked for its
 * incarnation before any request goes out on it. A reply is given after COMMIT, which PostgreSQL sends
 * its ReadyForQuery after, and commits wait for the disk.
 */
import pg from 'pg';
import { HostUnreachable, type Progress, type ProgressWatch } from '../../hosts/index.ts';
import { install, VERSION } from './installation.ts';

export interface PostgresHostOptions {
  readonly url: string;
  /** the incarnation that the topology store knows; undefined: any, for who identifies or readmits */
  readonly expectedIncarnation: string | undefined;
  readonly callTimeoutMs?: number;
  /** judges every answer; undefined: none is judged */
  readonly watch?: ProgressWatch | undefined;
  /** instead of IDS_PER_SET_MAX */
  readonly idsPerSetMax?: number;
}

export interface Answer<R> {
  readonly progress: Progress;
  readonly reply: R;
}

// biome-ignore lint/suspicious/noExplicitAny: columns are typed by who asks for them
type Rows = any[];

const FUNCTION = `foreshard.v${VERSION}_`;

/** The disk has no room left; the transaction was undone. */
export const NO_ROOM: unique symbol = Symbol('no room');

const CALL_TIMEOUT_DEFAULT_MS = 10_000;
/** The server gives up first, so that the outcome of most late calls is known to it at least. */
const SERVER_TIMEOUT_SHARE = 0.9;
/** Two calls at most append; the others read, control and copy. */
const CONNECTIONS_MAX = 8;

/** Not carried out or broken off by the server: it stops, recovers, is a standby, or is out of connections. */
const NOT_SERVING = /^(08|57P0|53300|25006)/;
/** The connection or the server ends with it, so nobody knows what became of the call: a full disk under a commit. */
const ENDING = /^(FATAL|PANIC)$/;
const CODE_CANCELLED = '57014';
const CODE_DISK_FULL = '53100';

/**
 * Plans are made once and kept, so they must not depend on how small a table was then: look-ups go by index,
 * in the order in which the arrays of a call name the rows.
 * synchronous_commit is raised where it is too low for durability, never lowered.
 */
const PREPARE_SESSION = `
  SELECT set_config('statement_timeout', $1, false), set_config('jit', 'off', false),
    set_config('plan_cache_mode', 'force_generic_plan', false),
    set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false),
    set_config('enable_mergejoin', 'off', false),
    CASE WHEN current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')
      THEN set_config('synchronous_commit', 'on', false) END`;

const INCARNATION = `
  SELECT pg_is_in_recovery() AS standby,
    (SELECT system_identifier FROM pg_control_system())
      || '.' || CASE WHEN pg_is_in_recovery() THEN '' ELSE left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) END
      || '.' || (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint AS incarnation`;

export class PostgresConnection {
  readonly incarnation: string;
  readonly version: string;
  private readonly pool: pg.Pool;
  private readonly callTimeoutMs: number;
  private readonly watch: ProgressWatch | undefined;
  /** the host is in another generation: nothing is sent to it any more */
  private refusal: HostUnreachable | undefined;

  private constructor(
    pool: pg.Pool,
    { callTimeoutMs, watch }: { callTimeoutMs: number; watch: ProgressWatch | undefined },
    incarnation: string,
    version: string,
  ) {
    this.pool = pool;
    this.callTimeoutMs = callTimeoutMs;
    this.watch = watch;
    this.incarnation = incarnation;
    this.version = version;
  }

  /** @throws HostUnreachable */
  static async open(options: PostgresHostOptions): Promise<PostgresConnection> {
    const callTimeoutMs = options.callTimeoutMs ?? CALL_TIMEOUT_DEFAULT_MS;
    let expected = options.expectedIncarnation;
    const pool = new pg.Pool({
      connectionString: options.url,
      max: CONNECTIONS_MAX,
      connectionTimeoutMillis: callTimeoutMs,
      application_name: 'foreshard host',
      onConnect: async (client: pg.ClientBase) => {
        // a connection that breaks fails its request, and tells so a second time by an event
        client.on('error', () => {});
        expected = await insistOnIncarnation(client, expected);
        await client.query(PREPARE_SESSION, [String(Math.ceil(callTimeoutMs * SERVER_TIMEOUT_SHARE))]);
      },
    } as pg.PoolConfig);
    // an idle connection that breaks is no request's failure: the next one dials anew
    pool.on('error', () => {});
    try {
      const client = await pool.connect();
      try {
        await install(client);
        const { rows } = await client.query('SHOW server_version');
        const judging = { callTimeoutMs, watch: options.watch };
        return new PostgresConnection(pool, judging, expected!, rows[0].server_version);
      } finally {
        client.release();
      }
    } catch (error) {
      await pool.end();
      throw unreachableFor(error);
    }
  }

  /** Calls a function, for its one value. */
  async call<R>(name: string, args: readonly unknown[]): Promise<Answer<R> | typeof NO_ROOM> {
    const text = `SELECT * FROM ${FUNCTION}with_progress(${FUNCTION}${name}(${placesOf(args)}))`;
    const result = await this.run({ name: FUNCTION + name, text, values: [...args] }, ([row]) =>
      progressOf(row.generation, row.count, row.own),
    );
    return result === NO_ROOM ? NO_ROOM : { progress: result.progress, reply: result.rows[0].answer };
  }

  /** Calls a function, for its rows, each followed by the progress; of nulls when there is none. */
  async rows(name: string, args: readonly unknown[]): Promise<unknown[][]> {
    const rows = `${FUNCTION}${name}(${placesOf(args)})`;
    const text = `SELECT r.*, p.* FROM ${FUNCTION}progress() p LEFT JOIN ${rows} r ON true`;
    const types = { getTypeParser: parserOf };
    const query = { name: FUNCTION + name, text, values: [...args], rowMode: 'array', types };
    const result = await this.run(query, ([row]) => progressOf(row.at(-2), row.at(-1)));
    return result === NO_ROOM ? [] : result.rows;
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  private async run(
    query: pg.QueryConfig | pg.QueryArrayConfig,
    progressIn: (rows: Rows) => Progress & { readonly own: number },
  ): Promise<{ readonly rows: Rows; readonly progress: Progress } | typeof NO_ROOM> {
    this.insistOnTrust();
    let client: pg.PoolClient | undefined;
    try {
      client = await this.pool.connect();
      const seen = this.watch?.seen ?? 0;
      const { rows } = await withinTime(client.query(query), this.callTimeoutMs);
      client.release();
      client = undefined;
      const { own, ...progress } = progressIn(rows);
      this.judge(seen, progress, own);
      return { rows, progress };
    } catch (error) {
      const isAnswer = error instanceof pg.DatabaseError && !ENDING.test(error.severity ?? '');
      client?.release(!isAnswer); // what did not answer may still be busy with it: it is not used again
      if (isAnswer && error.code === CODE_DISK_FULL) return NO_ROOM;
      throw unreachableFor(error);
    }
  }

  private insistOnTrust(): void {
    if (this.refusal !== undefined) throw this.refusal;
    this.watch?.insistOnProgress();
  }

  private judge(seen: number, progress: Progress, own: number): void {
    try {
      this.watch?.judge(seen, progress, own);
    } catch (error) {
      const unreachable = error as HostUnreachable;
      if (unreachable.reason === 'incarnation') this.refusal = unreachable;
      throw unreachable;
    }
  }
}

function placesOf(args: readonly unknown[]): string {
  return args.map((_, i) => `$${i + 1}`).join(', ');
}

function progressOf(generation: unknown, count: unknown, own = 0) {
  return { generation: Number(generation), count: Number(count), own };
}

/** REQUIRES to be the first request on a connection. */
async function insistOnIncarnation(client: pg.ClientBase, expected: string | undefined): Promise<string> {
  const { rows } = await client.query(INCARNATION);
  const { standby, incarnation } = rows[0] as { standby: boolean; incarnation: string };
  if (standby) throw new HostUnreachable('connection', 'a standby of PostgreSQL cannot be a host');
  if (expected !== undefined && incarnation !== expected)
    throw new HostUnreachable(
      'incarnation',
      `the host is ${incarnation}, not ${expected}: it waits for readmission`,
    );
  return incarnation;
}

async function withinTime<R>(promise: Promise<R>, ms: number): Promise<R> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new HostUnreachable('timeout', `no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    promise.catch(() => {});
  }
}

/** Errors that the server answered about a request are faults of ours and stay what they are. */
function unreachableFor(error: unknown): Error {
  if (error instanceof HostUnreachable) return error;
  const { message } = error as Error;
  if (error instanceof pg.DatabaseError) {
    if (error.code === CODE_CANCELLED) return new HostUnreachable('timeout', message, { cause: error });
    if (!NOT_SERVING.test(error.code ?? '') && !ENDING.test(error.severity ?? '')) return error;
  }
  const reason = message.startsWith('timeout exceeded') ? 'timeout' : 'connection';
  return new HostUnreachable(reason, message, { cause: error });
}

const OID_BYTEA = 17;
const OID_INT8 = 20;

/** Numbers of the protocol fit a double. (pg reads every field as a string, so answers cannot be binary.) */
function parserOf(oid: number): (text: string) => unknown {
  if (oid === OID_INT8) return Number;
  return oid === OID_BYTEA ? bytesOfHex : String;
}

/** `\x00ff` */
function bytesOfHex(text: string): Uint8Array {
  const bytes = Buffer.from(text.slice(2), 'hex');
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
