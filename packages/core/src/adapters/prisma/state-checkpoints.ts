/**
 * Checkpoints of state in PostgreSQL. Announcing and validating take the row of the group with the lock that a commit
 * takes, which keeps changes of the assignment away: what was judged is what is written.
 */
import {
  type Announced,
  type Announcement,
  type CheckpointOutline,
  type CheckpointQuery,
  type CheckpointRecords,
  DELTAS_MAX,
  type Holder,
  isBase,
  judgeAnnounced,
  judgeHolder,
  type StateCheckpoint,
  type Validation,
} from '../../checkpointing/index.ts';
import { type Prisma, type PrismaClient, reaching } from './client.ts';

type Tx = Prisma.TransactionClient;

const TIMES = { maxWait: 5_000, timeout: 6_000 };
const ANSWER_WITHIN_MS = 6_000;
const START = 'start';

export class PrismaStateCheckpoints implements CheckpointRecords {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  /** Does not own the client. */
  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  announce(announced: Announced, subject: string): Promise<Announcement> {
    return this.within(async (tx) => {
      const { group, shardlet, member, base = null } = announced;
      await keepAssignment(tx, group);
      const holder = await holderOf(tx, group, shardlet);
      const row = await tx.consumerMember.findUnique({ where: { group_id: { group, id: member } } });
      const refusal = judgeAnnounced(holder, announced, { owner: row?.subject ?? undefined, subject });
      if (refusal !== undefined) return refusal;
      if (base !== null && !isBase(await chainOf(tx, group, base), announced)) return { kind: 'base' };
      await tx.stateCheckpoint.create({ data: { ...announced, base, state: 'pending' } });
      return { kind: 'announced' };
    });
  }

  async find(group: string, id: string): Promise<StateCheckpoint | undefined> {
    const row = await this.reaching(() =>
      this.prisma.stateCheckpoint.findFirst({ where: { group, id, reason: { not: START } } }),
    );
    return row === null ? undefined : toCheckpoint(row);
  }

  async list(
    group: string,
    { shardlet, state, limit }: CheckpointQuery,
  ): Promise<readonly StateCheckpoint[]> {
    const where = {
      ...{ group, reason: { not: START } },
      ...(shardlet === undefined ? {} : { shardlet }),
      ...(state === undefined ? {} : { state }),
    };
    const rows = await this.reaching(() =>
      this.prisma.stateCheckpoint.findMany({
        where,
        orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
        take: limit,
      }),
    );
    return rows.map(toCheckpoint);
  }

  async valid(group: string, shardlets?: readonly number[]): Promise<readonly StateCheckpoint[]> {
    const of = shardlets === undefined ? {} : { shardlet: { in: [...shardlets] } };
    const rows = await this.reaching(() =>
      this.prisma.stateCheckpoint.findMany({ where: { group, state: 'valid', ...of } }),
    );
    return rows.map(toCheckpoint);
  }

  async shardlets(group: string): Promise<readonly number[]> {
    const rows = await this.reaching(
      () => this.prisma.$queryRaw<{ shardlet: bigint }[]>`
        WITH RECURSIVE known (shardlet) AS (
          -- one look into the index for each, however many rows it has
          SELECT min(shardlet) FROM consumer_state_checkpoint WHERE "group" = ${group} AND state = 'valid'
          UNION ALL
          SELECT (SELECT min(c.shardlet) FROM consumer_state_checkpoint c
                   WHERE c."group" = ${group} AND c.shardlet > k.shardlet AND c.state = 'valid')
            FROM known k WHERE k.shardlet IS NOT NULL
        ) SELECT shardlet FROM known WHERE shardlet IS NOT NULL ORDER BY shardlet`,
    );
    return rows.map(({ shardlet }) => Number(shardlet));
  }

  /** As one text: so many rows take Prisma ten times as long. */
  async outlines(group: string, shardlets: readonly number[]): Promise<readonly CheckpointOutline[]> {
    const of = shardlets.map(BigInt);
    const [found] = await this.reaching(
      () => this.prisma.$queryRaw<{ text: string | null }[]>`
        SELECT json_agg(json_build_array(id, shardlet, seq, epoch, base, bytes, reason, verify_error,
                                         (extract(epoch FROM created_at) * 1000)::bigint))::text AS text
          FROM consumer_state_checkpoint
         WHERE "group" = ${group} AND state = 'valid' AND shardlet = ANY(${of}::bigint[])`,
    );
    return (JSON.parse(found?.text ?? '[]') as OutlineRow[]).map(toOutline);
  }

  async newest(group: string): Promise<readonly StateCheckpoint[]> {
    const rows = await this.reaching(
      () => this.prisma.$queryRaw<Row[]>`
        WITH RECURSIVE known (shardlet) AS (
          -- one look into the index for each shardlet, however many rows it has
          SELECT min(shardlet) FROM consumer_state_checkpoint WHERE "group" = ${group}
          UNION ALL
          SELECT (SELECT min(c.shardlet) FROM consumer_state_checkpoint c
                   WHERE c."group" = ${group} AND c.shardlet > k.shardlet)
            FROM known k WHERE k.shardlet IS NOT NULL
        ), found (id, base, deltas) AS (
          SELECT newest.id, newest.base, 0
            FROM known k CROSS JOIN LATERAL (
              SELECT id, base FROM consumer_state_checkpoint
               WHERE "group" = ${group} AND shardlet = k.shardlet AND state = 'valid' AND reason <> ${START}
               ORDER BY seq DESC, created_at DESC, id LIMIT 1) AS newest
          UNION ALL
          SELECT c.id, c.base, f.deltas + 1
            FROM found f JOIN consumer_state_checkpoint c ON c.id = f.base
           WHERE c."group" = ${group} AND c.state = 'valid' AND f.deltas < ${DELTAS_MAX}::int
        ), starts AS (
          SELECT lowest.id
            FROM known k CROSS JOIN LATERAL (
              SELECT id, reason FROM consumer_state_checkpoint
               WHERE "group" = ${group} AND shardlet = k.shardlet AND state = 'valid'
               ORDER BY seq, created_at LIMIT 1) AS lowest
           WHERE lowest.reason = ${START}
        )
        SELECT id::text AS id, "group", shardlet, seq, epoch, assignment, member, state, base::text AS base,
               bytes, keys, digest, object, store, reason, handler_version AS "handlerVersion",
               created_at AS "createdAt", valid_at AS "validAt", took_ms AS "tookMs",
               verified_at AS "verifiedAt", verify_error AS "verifyError"
          FROM consumer_state_checkpoint
         WHERE id IN (SELECT id FROM found UNION SELECT id FROM starts)`,
    );
    return rows.map(toCheckpoint);
  }

  async leastVerified(group: string): Promise<StateCheckpoint | undefined> {
    const row = await this.reaching(() =>
      this.prisma.stateCheckpoint.findFirst({
        where: { group, state: 'valid', reason: { not: START } },
        orderBy: [{ verifiedAt: { sort: 'asc', nulls: 'first' } }, { createdAt: 'asc' }, { id: 'asc' }],
      }),
    );
    return row === null ? undefined : toCheckpoint(row);
  }

  validate(group: string, id: string): Promise<Validation> {
    return this.within(async (tx) => {
      await keepAssignment(tx, group);
      const [found] = await tx.$queryRaw<{ state: string }[]>`
        SELECT state FROM consumer_state_checkpoint WHERE "group" = ${group} AND id = ${id}::uuid FOR UPDATE`;
      if (found === undefined || found.state === 'deleting') return { kind: 'gone' };
      const row = await tx.stateCheckpoint.findUniqueOrThrow({ where: { id } });
      if (found.state === 'valid') return { kind: 'valid', checkpoint: toCheckpoint(row) };
      const known = toCheckpoint(row);
      const refusal = judgeHolder(await holderOf(tx, group, known.shardlet), known);
      if (refusal !== undefined) return refusal;
      if (known.base !== undefined && !(await isStillSound(tx, known.base))) return { kind: 'gone' };
      await tx.$executeRaw`
        UPDATE consumer_state_checkpoint
           SET state = 'valid', valid_at = clock_timestamp(),
               took_ms = least(2147483647, extract(epoch FROM clock_timestamp() - created_at) * 1000)::int
         WHERE id = ${id}::uuid`;
      return {
        kind: 'valid',
        checkpoint: toCheckpoint(await tx.stateCheckpoint.findUniqueOrThrow({ where: { id } })),
      };
    });
  }

  condemn(group: string, ids: readonly string[]): Promise<readonly StateCheckpoint[]> {
    return this.within(async (tx) => {
      // whoever makes a delta valid holds its base: one that does it before is seen below, one after finds the base going
      await tx.$queryRaw`
        SELECT 1 AS one FROM consumer_state_checkpoint
         WHERE "group" = ${group} AND id = ANY(${ids}::uuid[]) ORDER BY id FOR UPDATE`;
      const free = await tx.$queryRaw<{ id: string }[]>`
        WITH RECURSIVE over (root, id) AS (
          SELECT id, id FROM unnest(${ids}::uuid[]) AS going (id)
          UNION
          SELECT o.root, c.id
            FROM over o JOIN consumer_state_checkpoint c ON c.base = o.id
           WHERE c."group" = ${group} AND c.state <> 'deleting'
        )
        SELECT root::text AS id FROM over GROUP BY root HAVING bool_and(id = ANY(${ids}::uuid[]))`;
      const where = {
        ...{ group, id: { in: free.map(({ id }) => id) } },
        ...{ state: { not: 'deleting' }, reason: { not: START } },
      };
      const rows = await tx.stateCheckpoint.updateManyAndReturn({ where, data: { state: 'deleting' } });
      return rows.map(toCheckpoint);
    });
  }

  async overdue(beforeMs: number, limit: number): Promise<readonly StateCheckpoint[]> {
    const pending = { state: 'pending', createdAt: { lt: new Date(beforeMs) } };
    const rows = await this.reaching(() =>
      this.prisma.stateCheckpoint.findMany({
        where: { OR: [{ state: 'deleting' }, pending] },
        orderBy: { createdAt: 'asc' },
        take: limit,
      }),
    );
    return rows.map(toCheckpoint);
  }

  async remove(ids: readonly string[]): Promise<void> {
    await this.reaching(() => this.prisma.stateCheckpoint.deleteMany({ where: { id: { in: [...ids] } } }));
  }

  async named(objects: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.reaching(() =>
      this.prisma.stateCheckpoint.findMany({
        where: { object: { in: [...objects] } },
        select: { object: true },
      }),
    );
    return new Set(rows.map(({ object }) => object));
  }

  async damaged(): Promise<readonly StateCheckpoint[]> {
    const where = { state: 'valid', verifyError: { not: null } };
    return (await this.reaching(() => this.prisma.stateCheckpoint.findMany({ where }))).map(toCheckpoint);
  }

  async doubt(group: string, ids: readonly string[], error: string): Promise<void> {
    const where = {
      ...{ group, id: { in: [...ids] }, state: 'valid' },
      ...{ verifyError: null, reason: { not: START } },
    };
    const data = { verifiedAt: null, verifyError: error };
    await this.reaching(() => this.prisma.stateCheckpoint.updateMany({ where, data }));
  }

  async verified(id: string, error: string | undefined): Promise<void> {
    const data = { verifiedAt: new Date(), verifyError: error ?? null };
    await this.reaching(() => this.prisma.stateCheckpoint.updateMany({ where: { id }, data }));
  }

  private within<T>(act: (tx: Tx) => Promise<T>): Promise<T> {
    return this.reaching(() => this.prisma.$transaction(act, TIMES));
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query, ANSWER_WITHIN_MS);
  }
}

/** Until the end of the transaction nobody assigns anything in the group. Statements after it see what is so. */
async function keepAssignment(tx: Tx, group: string): Promise<void> {
  await tx.$queryRaw`SELECT 1 AS one, set_config('synchronous_commit', 'on', true)
    FROM consumer_group WHERE name = ${group} FOR KEY SHARE`;
}

async function holderOf(tx: Tx, group: string, shardlet: number): Promise<Holder | undefined> {
  const row = await tx.consumerCheckpoint.findUnique({ where: { group_shardlet: { group, shardlet } } });
  if (row === null) return undefined;
  const { assignment, member, seq, epoch } = row;
  return {
    ...{ assignment: Number(assignment), member: member ?? undefined },
    ...{ seq: Number(seq), epoch: Number(epoch) },
  };
}

/** The base first; as far as it is valid. Chains are short. */
async function chainOf(tx: Tx, group: string, base: string): Promise<StateCheckpoint[]> {
  const chain: StateCheckpoint[] = [];
  for (let id: string | undefined = base; id !== undefined; ) {
    const row = await tx.stateCheckpoint.findFirst({ where: { id, group, state: 'valid' } });
    if (row === null) return [];
    const known = toCheckpoint(row);
    chain.push(known);
    id = known.base;
  }
  return chain;
}

/** And stays so until the end of the transaction. */
async function isStillSound(tx: Tx, id: string): Promise<boolean> {
  const [row] = await tx.$queryRaw<{ sound: boolean }[]>`
    SELECT state = 'valid' AND verify_error IS NULL AS sound
      FROM consumer_state_checkpoint WHERE id = ${id}::uuid FOR SHARE`;
  return row?.sound === true;
}

type Row = Prisma.StateCheckpointGetPayload<object>;

type OutlineRow = [
  ...[id: string, shardlet: number, seq: number, epoch: number, base: string | null, bytes: number],
  ...[reason: CheckpointOutline['reason'], verifyError: string | null, createdAtMs: number],
];

function toOutline([id, shardlet, seq, epoch, base, bytes, reason, error, createdAtMs]: OutlineRow) {
  const outline = { id, shardlet, seq, epoch, base: base ?? undefined, bytes, reason, createdAtMs };
  return { ...outline, verifyError: error ?? undefined } satisfies CheckpointOutline;
}

function toCheckpoint(row: Row): StateCheckpoint {
  return {
    ...{ id: row.id, group: row.group, member: row.member, handlerVersion: row.handlerVersion },
    ...{ shardlet: Number(row.shardlet), seq: Number(row.seq), epoch: Number(row.epoch) },
    ...{ assignment: Number(row.assignment), bytes: Number(row.bytes), keys: Number(row.keys) },
    ...{ digest: row.digest, object: row.object, store: row.store },
    state: row.state as StateCheckpoint['state'],
    reason: row.reason as StateCheckpoint['reason'],
    base: row.base ?? undefined,
    createdAtMs: row.createdAt.getTime(),
    validAtMs: row.validAt?.getTime(),
    tookMs: row.tookMs ?? undefined,
    verifiedAtMs: row.verifiedAt?.getTime(),
    verifyError: row.verifyError ?? undefined,
  };
}
