/** The chain over the audit log on PostgreSQL: seals, anchors, and pruning behind an anchor. */
import {
  type Anchor,
  anchorSignature,
  type ChainRow,
  EMPTY_CHAIN,
  type Head,
  type Hmac,
  isRotation,
  keyId,
  ROTATION_OPERATION,
  rotationOf,
  type Seal,
  type SealedRow,
  sealHash,
  sealsFor,
  successor,
} from '../../audit/index.ts';
import { Prisma, type PrismaClient, reaching } from './client.ts';

type Tx = Prisma.TransactionClient;

/** key space of the advisory lock: one worker at a time seals or prunes */
const AUDIT_LOCK = 0x6175;
const TIMES = { maxWait: 5_000, timeout: 20_000 };
const PATIENCE_MS = 30_000;
/** Of these at least one must hold under a key: all of them changed is less likely than another key. */
const NEWEST_SEALS = 20;

/** As texts, so that everybody hashes the same bytes: JSONB is kept in a form of its own. */
const COLUMNS = Prisma.sql`r.id::text AS row_id, ARRAY[(extract(epoch FROM r.at) * 1000)::bigint::text, r.outcome,
  r.started_id::text, r.actor_kind, r.actor_id, r.actor, r.session_id, r.address, r.surface, r.operation, r.resource,
  r.target, r.request_id, r.reason, r.input::text, r.code, r.detail, r.before::text, r.after::text] AS columns`;

/** `lowId`: whatever has no seal has a higher id, but for a row whose transaction was open for more than a minute. */
export type SealReply =
  | { readonly kind: 'sealed'; readonly rows: number; readonly head: KnownHead; readonly lowId: string }
  /** another worker seals */
  | { readonly kind: 'busy' }
  /** none of the newest seals holds under this key: nothing was sealed */
  | { readonly kind: 'wrong key'; readonly head: Head };

/** A head, and the id of the key that holds behind it. */
export interface KnownHead extends Head {
  readonly keyId: string;
}

export class PrismaAuditChain {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  /** Seals rows above `aboveId` that have no seal, at most `limit`. `known`: a head that one of these keys has made. */
  seal(
    keys: readonly Hmac[],
    { aboveId, limit, known }: { aboveId: string; limit: number; known: KnownHead | undefined },
  ): Promise<SealReply> {
    return this.alone(async (tx) => {
      const head = await headIn(tx);
      const hmac =
        head.hash === known?.hash
          ? keys.find((key) => keyId(key) === known.keyId)
          : await keyInForce(tx, keys);
      if (hmac === undefined) return { kind: 'wrong key', head } as const;
      const rows = await tx.$queryRaw<RawRow[]>`
        SELECT ${COLUMNS} FROM audit_row r
        WHERE r.id > ${aboveId}::bigint AND NOT EXISTS (SELECT 1 FROM audit_seal s WHERE s.row_id = r.id)
        ORDER BY r.id LIMIT ${limit}`;
      const seals = sealsFor(hmac, head, rows.map(chainRow));
      await putSeals(tx, seals);
      const { number, hash } = seals.at(-1) ?? head;
      const lowId = await lowIdIn(tx);
      return {
        kind: 'sealed',
        rows: seals.length,
        head: { number, hash, keyId: keyId(hmac) },
        lowId,
      } as const;
    }).then((reply) => reply ?? { kind: 'busy' });
  }

  /**
   * Seals the change to the newest of these keys under the one before, in one transaction with its row. Undefined:
   * another process is at it. @throws Error where the chain is under none of the earlier ones
   */
  rotate(keys: readonly Hmac[], actor: string): Promise<Head | undefined> {
    return this.alone(async (tx) => {
      const [head, hmac] = [await headIn(tx), await keyInForce(tx, keys)];
      const next = keys[0];
      if (hmac === undefined || next === undefined)
        throw new Error('the chain is under none of these keys: name the file with the key of the chain');
      if (hmac === next) throw new Error('the chain is under the newest of these keys already');
      const rotation = rotationOf(hmac, next);
      const [made] = await tx.$queryRaw<{ id: string }[]>`
        INSERT INTO audit_row (outcome, actor_kind, actor_id, actor, address, surface, operation, resource, target,
          request_id, reason, after)
        VALUES ('done', 'process', ${actor}, ${actor}, '', 'command line', ${ROTATION_OPERATION}, 'audit log',
          ${rotation.to}, '', '', ${JSON.stringify(rotation)}::jsonb)
        RETURNING id::text`;
      const rows = await tx.$queryRaw<RawRow[]>`
        SELECT ${COLUMNS} FROM audit_row r WHERE r.id = ${made!.id}::bigint`;
      const seals = sealsFor(hmac, head, rows.map(chainRow));
      await putSeals(tx, seals);
      const { number, hash } = seals[0]!;
      return { number, hash };
    });
  }

  /** Is the next seal made with the newest of these keys? */
  async isUnder(keys: readonly Hmac[]): Promise<boolean> {
    const [newest] = keys;
    return this.reaching(() =>
      this.prisma.$transaction(async (tx) => newest !== undefined && (await keyInForce(tx, keys)) === newest),
    );
  }

  /** The newest seal, or the anchor where none is left. */
  head(): Promise<Head> {
    return this.reaching(() => headIn(this.prisma));
  }

  async anchor(): Promise<Anchor | undefined> {
    return this.reaching(() => anchorIn(this.prisma));
  }

  /** Seals behind this number with their rows, in order. */
  async sealed(afterNumber: number, limit: number): Promise<SealedRow[]> {
    const rows = await this.reaching(
      () => this.prisma.$queryRaw<RawSeal[]>`
        SELECT s.number::text, encode(s.hash, 'hex') AS hash, s.row_id::text AS of_row, ${COLUMNS}
        FROM audit_seal s LEFT JOIN audit_row r ON r.id = s.row_id
        WHERE s.number > ${afterNumber}::bigint ORDER BY s.number LIMIT ${limit}`,
    );
    return rows.map(sealedRow);
  }

  async sealAt(number: number): Promise<Head | undefined> {
    const rows = await this.reaching(
      () => this.prisma.$queryRaw<{ hash: string }[]>`
        SELECT encode(hash, 'hex') AS hash FROM audit_seal WHERE number = ${number}::bigint`,
    );
    return rows[0] === undefined ? undefined : { number, hash: rows[0].hash };
  }

  /** Rows that have no seal, and the oldest of them. */
  async unsealed(): Promise<{
    readonly rows: number;
    readonly oldest: { id: string; at: Date } | undefined;
  }> {
    const [found] = await this.reaching(
      () => this.prisma.$queryRaw<{ rows: number; id: string | null; at: Date | null }[]>`
        SELECT count(*)::int AS rows, min(r.id)::text AS id, min(r.at) AS at FROM audit_row r
        WHERE NOT EXISTS (SELECT 1 FROM audit_seal s WHERE s.row_id = r.id)`,
    );
    const { rows, id, at } = found!;
    return { rows, oldest: id === null || at === null ? undefined : { id, at } };
  }

  /** Removes the oldest sealed rows that were written before, at most `limit`; answers how many. */
  async prune([hmac]: readonly Hmac[], before: Date, limit: number, nowMs: number): Promise<number> {
    const removed = await this.alone(async (tx) => {
      // up to the first that is younger: the chain is cut at one place
      const [last] = await tx.$queryRaw<{ number: string; hash: string }[]>`
        WITH oldest AS (SELECT s.number, s.hash, r.at FROM audit_seal s JOIN audit_row r ON r.id = s.row_id
          ORDER BY s.number LIMIT ${limit})
        SELECT number::text, encode(hash, 'hex') AS hash FROM oldest
        WHERE number < coalesce((SELECT min(number) FROM oldest WHERE at >= ${before}::timestamptz), 9223372036854775807)
        ORDER BY oldest.number DESC LIMIT 1`;
      if (last === undefined) return 0;
      const anchor = { number: Number(last.number), hash: last.hash, atMs: nowMs };
      await tx.$executeRaw`SELECT set_config('foreshard.audit_pruning', 'on', true)`;
      await tx.$executeRaw`DELETE FROM audit_anchor`;
      await tx.$executeRaw`
        INSERT INTO audit_anchor (number, hash, at, signature)
        VALUES (${anchor.number}::bigint, decode(${anchor.hash}, 'hex'), ${new Date(nowMs)}::timestamptz,
          decode(${anchorSignature(hmac!, anchor)}, 'hex'))`;
      return tx.$executeRaw`
        DELETE FROM audit_row r USING audit_seal s WHERE s.row_id = r.id AND s.number <= ${anchor.number}::bigint`;
    });
    return removed ?? 0;
  }

  /** Undefined where another worker is at it. */
  private alone<T>(work: (tx: Tx) => Promise<T>): Promise<T | undefined> {
    return this.reaching(() =>
      this.prisma.$transaction(async (tx) => {
        const [lock] = await tx.$queryRaw<{ mine: boolean }[]>`
          SELECT pg_try_advisory_xact_lock(${AUDIT_LOCK}::int, 0::int) AS mine`;
        return lock?.mine === true ? work(tx) : undefined;
      }, TIMES),
    );
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query, PATIENCE_MS);
  }
}

interface RawRow {
  readonly row_id: string;
  readonly columns: readonly (string | null)[];
}

interface RawSeal {
  readonly number: string;
  readonly hash: string;
  readonly of_row: string;
  /** null: its row is gone */
  readonly row_id: string | null;
  readonly columns: readonly (string | null)[];
}

/** Within a minute: most rows are there within milliseconds of the next ones. */
async function lowIdIn(tx: Tx): Promise<string> {
  const [low] = await tx.$queryRaw<{ id: string }[]>`
    SELECT coalesce((SELECT r.id FROM audit_row r WHERE r.at < now() - interval '1 minute'
      ORDER BY r.at DESC LIMIT 1), 0)::text AS id`;
  return low!.id;
}

async function headIn(tx: Pick<Tx, '$queryRaw'>): Promise<Head> {
  const [seal] = await tx.$queryRaw<{ number: string; hash: string }[]>`
    SELECT number::text, encode(hash, 'hex') AS hash FROM audit_seal ORDER BY audit_seal.number DESC LIMIT 1`;
  if (seal !== undefined) return { number: Number(seal.number), hash: seal.hash };
  const anchor = await anchorIn(tx);
  return anchor === undefined ? EMPTY_CHAIN : { number: anchor.number, hash: anchor.hash };
}

async function anchorIn(tx: Pick<Tx, '$queryRaw'>): Promise<Anchor | undefined> {
  const [row] = await tx.$queryRaw<{ number: string; hash: string; at_ms: string; signature: string }[]>`
    SELECT number::text, encode(hash, 'hex') AS hash, (extract(epoch FROM at) * 1000)::bigint::text AS at_ms,
      encode(signature, 'hex') AS signature
    FROM audit_anchor ORDER BY audit_anchor.number DESC LIMIT 1`;
  if (row === undefined) return undefined;
  return { number: Number(row.number), hash: row.hash, atMs: Number(row.at_ms), signature: row.signature };
}

async function putSeals(tx: Tx, seals: readonly Seal[]): Promise<void> {
  if (seals.length === 0) return;
  await tx.$executeRaw`
    INSERT INTO audit_seal (number, row_id, hash)
    SELECT number, "rowId", decode(hash, 'hex')
    FROM json_to_recordset(${JSON.stringify(seals)}::json) AS s(number bigint, "rowId" bigint, hash text)`;
}

/**
 * The key that the next seal is made with: that of the newest seal that holds (each is judged by the hash that is kept
 * before it), or the one that it hands over to. Undefined: none of them.
 */
async function keyInForce(tx: Tx, keys: readonly Hmac[]): Promise<Hmac | undefined> {
  const newest = (
    await tx.$queryRaw<RawSeal[]>`
    SELECT s.number::text, encode(s.hash, 'hex') AS hash, s.row_id::text AS of_row, ${COLUMNS}
    FROM audit_seal s LEFT JOIN audit_row r ON r.id = s.row_id ORDER BY s.number DESC LIMIT ${NEWEST_SEALS}`
  ).map(sealedRow);
  const anchor = await anchorIn(tx);
  if (newest.length === 0)
    return anchor === undefined
      ? keys[0]
      : keys.find((key) => anchorSignature(key, anchor) === anchor.signature);
  const before = [EMPTY_CHAIN, ...(anchor === undefined ? [] : [anchor]), ...newest.map(headOf)];
  const hashes = new Map(before.map(({ number, hash }) => [number, hash]));
  for (const { seal, row } of newest) {
    const previous = hashes.get(seal.number - 1);
    if (row === undefined || previous === undefined) continue;
    const key = keys.find((one) => sealHash(one, previous, seal.number, row) === seal.hash);
    if (key !== undefined) return isRotation(row) ? successor(row, key, keys) : key;
  }
  return undefined;
}

function headOf({ seal: { number, hash } }: SealedRow): Head {
  return { number, hash };
}

function chainRow({ row_id, columns }: RawRow): ChainRow {
  return { id: row_id, columns };
}

function sealedRow({ number, hash, of_row, row_id, columns }: RawSeal): SealedRow {
  return {
    seal: { number: Number(number), rowId: of_row, hash },
    row: row_id === null ? undefined : { id: row_id, columns },
  };
}
