/**
 * Consumer groups in PostgreSQL. Whoever changes a group locks its row first, so assignments and
 * checkpoints of one group change one after the other, and what was judged is what is written.
 */
import {
  type Checkpoint,
  type Creation,
  GROUPS_MAX,
  type Group,
  type GroupState,
  type GroupStore,
  groupSchema,
} from '../../consuming/index.ts';
import { Prisma, type PrismaClient, reaching } from './client.ts';
import type {
  ConsumerCheckpoint as CheckpointRow,
  ConsumerGroup as GroupRow,
  ConsumerMember as MemberRow,
} from './generated/client.ts';

type Tx = Prisma.TransactionClient;
type Known = { readonly group: Group; readonly state: GroupState };

/** Members of one group wait for each other; a change takes milliseconds. */
const TIMES = { maxWait: 5_000, timeout: 6_000 };
/** Members are told to come back before their session (10 s by default) and their patience end. */
const ANSWER_WITHIN_MS = 6_000;
/** The server ends what stands still: a process that was stopped inside a change holds the row of its group. */
const STANDSTILL_MS = '5000';

/** key space of the advisory lock */
const CREATE_LOCK = 0x6670_7267;

export class PrismaGroupStore implements GroupStore {
  private readonly prisma: PrismaClient;
  private readonly databaseUrl: string;

  /** Does not own the client. */
  constructor(prisma: PrismaClient, databaseUrl: string) {
    this.prisma = prisma;
    this.databaseUrl = databaseUrl;
  }

  create({ name, stream, sessionMs, push, owner }: Group, state: GroupState): Promise<Creation> {
    return this.within(async (tx) => {
      // two that count at once would both find room for one
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(${CREATE_LOCK}::int, 0::int)`;
      const isTaken = (await tx.consumerGroup.findUnique({ where: { name } })) !== null;
      if (isTaken) return 'taken';
      if ((await tx.consumerGroup.count()) >= GROUPS_MAX) return 'full';
      const row = {
        name,
        stream,
        sessionMs,
        push: push ?? Prisma.DbNull,
        owner: owner ?? null,
        version: state.version,
      };
      // an edge of an earlier release does not take the lock
      const { count } = await tx.consumerGroup.createMany({ data: [row], skipDuplicates: true });
      if (count === 0) return 'taken';
      await putCheckpoints(tx, name, [...state.checkpoints.values()]);
      return 'created';
    });
  }

  async remove(name: string): Promise<boolean> {
    const { count } = await this.reaching(() => this.prisma.consumerGroup.deleteMany({ where: { name } }));
    return count === 1;
  }

  async list(): Promise<readonly Group[]> {
    const rows = await this.reaching(() => this.prisma.consumerGroup.findMany({ orderBy: { name: 'asc' } }));
    return rows.map(toGroup);
  }

  find(name: string): Promise<Known | undefined> {
    return this.within((tx) => load(tx, name));
  }

  change<R>(
    name: string,
    change: (
      group: Group,
      state: GroupState,
      nowMs: number,
    ) => { readonly state: GroupState; readonly result: R },
  ): Promise<R | undefined> {
    return this.within(async (tx) => {
      await tx.$queryRaw`SELECT set_config('statement_timeout', ${STANDSTILL_MS}, true),
        set_config('idle_in_transaction_session_timeout', ${STANDSTILL_MS}, true)`;
      // before all that reads: what is read after it is what nobody else changes
      const [clock] = await tx.$queryRaw<{ now_ms: number }[]>`
        SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now_ms,
               set_config('synchronous_commit', 'on', true)
          FROM consumer_group WHERE name = ${name} FOR UPDATE`;
      const known = clock === undefined ? undefined : await load(tx, name);
      if (clock === undefined || known === undefined) return undefined;
      const { state, result } = change(known.group, known.state, clock.now_ms);
      await save(tx, name, known.state, state);
      return result;
    });
  }

  private within<T>(act: (tx: Tx) => Promise<T>): Promise<T> {
    return this.reaching(() => this.prisma.$transaction(act, TIMES));
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query, ANSWER_WITHIN_MS);
  }
}

async function load(tx: Tx, name: string): Promise<Known | undefined> {
  const group = await tx.consumerGroup.findUnique({ where: { name } });
  if (group === null) return undefined;
  const members = await tx.consumerMember.findMany({ where: { group: name }, orderBy: { id: 'asc' } });
  const checkpoints = await tx.consumerCheckpoint.findMany({
    where: { group: name },
    orderBy: { shardlet: 'asc' },
  });
  return { group: toGroup(group), state: toState(group, members, checkpoints) };
}

/** Only what has changed. */
async function save(tx: Tx, group: string, before: GroupState, after: GroupState): Promise<void> {
  const ids = new Set(after.members.map((m) => m.id));
  const gone = before.members.filter((m) => !ids.has(m.id)).map((m) => m.id);
  if (gone.length > 0) await tx.consumerMember.deleteMany({ where: { group, id: { in: gone } } });
  for (const { id, seenAtMs, subject = null } of after.members) {
    const known = before.members.find((m) => m.id === id);
    if (known?.seenAtMs === seenAtMs && (known.subject ?? null) === subject) continue;
    const where = { group_id: { group, id } };
    const data = { seenAtMs, subject };
    await tx.consumerMember.upsert({ where, create: { group, id, ...data }, update: data });
  }
  const changed = [...after.checkpoints.values()].filter((c) => c !== before.checkpoints.get(c.shardlet));
  await putCheckpoints(tx, group, changed);
  if (after.version !== before.version)
    await tx.consumerGroup.update({ where: { name: group }, data: { version: after.version } });
}

async function putCheckpoints(tx: Tx, group: string, checkpoints: readonly Checkpoint[]): Promise<void> {
  if (checkpoints.length === 0) return;
  const rows = JSON.stringify(checkpoints.map((c) => ({ ...c, group, member: c.member ?? null })));
  await tx.$executeRaw`
    INSERT INTO consumer_checkpoint
    SELECT * FROM json_populate_recordset(NULL::consumer_checkpoint, ${rows}::json)
    ON CONFLICT ("group", shardlet) DO UPDATE SET
      seq = excluded.seq, epoch = excluded.epoch, assignment = excluded.assignment,
      member = excluded.member, revoking = excluded.revoking, skipped = excluded.skipped`;
}

function toGroup({ name, stream, sessionMs, push, owner }: GroupRow): Group {
  return groupSchema.parse({
    ...{ name, stream: Number(stream), sessionMs },
    ...(push === null ? {} : { push }),
    ...(owner === null ? {} : { owner }),
  });
}

function toState(
  { version }: GroupRow,
  members: readonly MemberRow[],
  checkpoints: readonly CheckpointRow[],
): GroupState {
  return {
    version: Number(version),
    members: members.map((m) => ({
      id: m.id,
      seenAtMs: Number(m.seenAtMs),
      subject: m.subject ?? undefined,
    })),
    checkpoints: new Map(checkpoints.map((row) => [Number(row.shardlet), toCheckpoint(row)])),
  };
}

function toCheckpoint(row: CheckpointRow): Checkpoint {
  return {
    shardlet: Number(row.shardlet),
    seq: Number(row.seq),
    epoch: Number(row.epoch),
    assignment: Number(row.assignment),
    member: row.member ?? undefined,
    revoking: row.revoking,
    skipped: Number(row.skipped),
  };
}
