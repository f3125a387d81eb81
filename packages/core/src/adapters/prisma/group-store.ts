/**
 * Consumer groups in PostgreSQL. Whoever changes members or assignments locks the row of the group first, so what was
 * judged is what is written. A commit takes that row with a lock that only keeps changes away, also those of an edge of
 * an earlier release, and then the row of its member: commits of one member come one after the other, those of
 * different members side by side. A sign of life touches nothing but the row of its member.
 */
import { randomUUID } from 'node:crypto';
import type { GroupCheckpointing } from '../../checkpointing/index.ts';
import {
  type AssignedPosition,
  type Caller,
  type Checkpoint,
  type Commit,
  type CommitPosition,
  type CommitResult,
  type Committed,
  type Creation,
  fenceOf,
  GROUPS_MAX,
  type Group,
  type GroupState,
  type GroupStore,
  type GroupSums,
  groupSchema,
  highestOf,
  judgeCommit,
  type KnownGroup,
  type Member,
  type MemberSign,
  NO_WEIGHTS,
  type Position,
  type ShardletEnd,
  type Touched,
  type Weights,
} from '../../consuming/index.ts';
import { Prisma, type PrismaClient, reaching } from './client.ts';
import { named, namedTransaction } from './order-effects.ts';

type Tx = Prisma.TransactionClient;

/** Members of one group wait for each other; a change takes milliseconds. */
const TIMES = { maxWait: 5_000, timeout: 6_000 };
/** Members are told to come back before their session (10 s by default) and their patience end. */
const ANSWER_WITHIN_MS = 6_000;
/** The server ends what stands still: a process that was stopped inside a change holds the row of its group. */
const STANDSTILL_MS = '5000';

/** A sign of life that is younger is not noted again: a member may poll hundreds of times a second. */
const SIGN_PAUSE_MS = 100;
/**
 * A commit that waited for a change sees the rows of before it, but moves none of them: a second look tells what has
 * become of them.
 */
const LOOKS_MAX = 5;

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

  create(
    { name, stream, sessionMs, push, owner, redriveOf, attempts, order, drainMinutes, checkpointing }: Group,
    state: GroupState,
  ): Promise<Creation> {
    return this.forOrder(async (tx) => {
      // two that count at once would both find room for one
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(${CREATE_LOCK}::int, 0::int)`;
      const isTaken = (await tx.consumerGroup.findUnique({ where: { name } })) !== null;
      if (isTaken) return 'taken';
      const isFull = async () => (await tx.consumerGroup.count({ where: { redriveOf: null } })) >= GROUPS_MAX;
      // one that reads re-driven events belongs to a group that is counted
      if (redriveOf === undefined && (await isFull())) return 'full';
      const row = {
        name,
        stream,
        sessionMs,
        push: push ?? Prisma.DbNull,
        owner: owner ?? null,
        redriveOf: redriveOf ?? null,
        attempts: attempts ?? null,
        order: order ?? 'key',
        drainMinutes: drainMinutes ?? null,
        checkpointing: checkpointing ?? Prisma.DbNull,
        version: state.version,
      };
      // an edge of an earlier release does not take the lock
      const { count } = await tx.consumerGroup.createMany({ data: [row], skipDuplicates: true });
      if (count === 0) return 'taken';
      const positions = [...state.checkpoints.values()];
      await putCheckpoints(tx, name, positions);
      if (checkpointing !== undefined) await putStarts(tx, name, positions);
      return 'created';
    });
  }

  async remove(name: string): Promise<boolean> {
    const { count } = await this.reaching(() =>
      named(this.prisma, (tx) => tx.consumerGroup.deleteMany({ where: { name } })),
    );
    return count === 1;
  }

  async alter(name: string, checkpointing: GroupCheckpointing): Promise<boolean> {
    const where = { name, checkpointing: { not: Prisma.DbNull } };
    const { count } = await this.reaching(() =>
      named(this.prisma, (tx) => tx.consumerGroup.updateMany({ where, data: { checkpointing } })),
    );
    return count === 1;
  }

  async list(): Promise<readonly Group[]> {
    const rows = await this.reaching(() => this.prisma.consumerGroup.findMany({ orderBy: { name: 'asc' } }));
    return rows.map(toGroup);
  }

  find(name: string): Promise<KnownGroup | undefined> {
    return this.reaching(() => load(this.prisma, name));
  }

  /**
   * Group by group, which takes less than half the time of one sum over all rows. Which closed shardlets are not finished is
   * looked up only where some are.
   */
  /** What shardlets without a position keep is what all of the stream keep, less those with one: no join looks for them. */
  async sums(groups: readonly string[], ends: readonly ShardletEnd[]): Promise<readonly GroupSums[]> {
    const names = [...groups];
    const ids = ends.map(({ shardlet }) => shardlet);
    const streams = ends.map(({ stream }) => stream);
    const closed = ends.map(({ isClosed }) => isClosed);
    const firsts = ends.map(({ firstSeq }) => firstSeq ?? null);
    const seqs = ends.map(({ lastSeq }) => lastSeq ?? null);
    const rows = await this.reaching(
      () => this.prisma.$queryRaw<SumsRow[]>`
        WITH e AS MATERIALIZED (
          SELECT *, greatest(0, last - first + 1) AS kept, (first IS NULL OR last IS NULL) AS dark
            FROM unnest(${ids}::bigint[], ${streams}::bigint[], ${closed}::bool[], ${firsts}::bigint[], ${seqs}::bigint[])
              AS e(shardlet, stream, closed, first, last)
        ), g AS MATERIALIZED (
          SELECT name, stream, version, jsonb_typeof(checkpointing) IS NOT NULL AS keeps
            FROM consumer_group WHERE name = ANY(${names}::text[])
        ), whole AS MATERIALIZED (
          SELECT stream, count(*) FILTER (WHERE closed AND last > 0) AS closed,
                 sum(kept) AS kept, count(*) FILTER (WHERE dark) AS dark
            FROM e GROUP BY stream
        )
        SELECT g.name AS "group", g.version::float8 AS version,
               (SELECT count(*) FROM consumer_member m WHERE m."group" = g.name)::float8 AS members,
               coalesce(s.processed, 0)::float8 AS processed, coalesce(s.skipped, 0)::float8 AS skipped,
               s.held::float8 AS held, s.revoking::float8 AS revoking,
               (coalesce(s.lag, 0) + coalesce(whole.kept, 0) - coalesce(s.kept, 0))::float8 AS lag,
               (s.unknown + coalesce(whole.dark, 0) - s.dark)::float8 AS unknown,
               CASE WHEN s.finished < whole.closed OR g.keeps THEN (
                 SELECT json_agg(e.shardlet ORDER BY e.shardlet)
                   FROM e LEFT JOIN consumer_checkpoint c ON c."group" = g.name AND c.shardlet = e.shardlet
                  WHERE e.stream = g.stream AND e.closed
                    AND (coalesce(c.seq, 0) < e.last OR (g.keeps AND c.member IS NOT NULL)))
               END AS unfinished
          FROM g LEFT JOIN whole ON whole.stream = g.stream CROSS JOIN LATERAL (
            SELECT sum(c.seq - c.skipped) AS processed, sum(c.skipped) AS skipped,
                   count(*) FILTER (WHERE c.member IS NOT NULL AND (g.keeps OR (e.closed AND c.seq >= e.last) IS NOT TRUE)) AS held,
                   count(*) FILTER (WHERE c.member IS NOT NULL AND c.revoking
                                      AND (g.keeps OR (e.closed AND c.seq >= e.last) IS NOT TRUE)) AS revoking,
                   sum(greatest(0, e.last - c.seq)) AS lag,
                   sum(e.kept) FILTER (WHERE e.stream = g.stream) AS kept,
                   count(*) FILTER (WHERE e.stream = g.stream AND e.dark) AS dark,
                   count(*) FILTER (WHERE e.closed = false AND (e.last >= c.seq) IS NOT TRUE) AS unknown,
                   count(*) FILTER (WHERE e.closed AND e.stream = g.stream AND e.last > 0 AND c.seq >= e.last
                                      AND NOT (g.keeps AND c.member IS NOT NULL)) AS finished
              FROM consumer_checkpoint c LEFT JOIN e ON e.shardlet = c.shardlet
             WHERE c."group" = g.name
          ) s`,
    );
    return rows.map((row) => ({ ...row, unfinished: row.unfinished ?? [] }));
  }

  async touch(signs: readonly MemberSign[]): Promise<readonly (Touched | undefined)[]> {
    const groups = signs.map((sign) => sign.group);
    const members = signs.map((sign) => sign.member);
    const subjects = signs.map((sign) => sign.subject);
    const rows = await this.reaching(
      // A row that somebody holds is being changed by a commit or a change, which is a sign of life itself: who waited for
      // it would keep others waiting for the rows it has. Lost when the server crashes within a moment: the next sign
      // comes sooner than the session ends.
      () => this.prisma.$queryRaw<TouchedRow[]>`
        WITH given AS MATERIALIZED (
          SELECT * FROM unnest(${groups}::text[], ${members}::text[], ${subjects}::text[])
            WITH ORDINALITY AS sign("group", member, subject, at)
        ), g AS MATERIALIZED (
          SELECT name, stream, version, session_ms, created_at,
                 floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms,
                 set_config('synchronous_commit', 'off', true) AS synchronous
            FROM consumer_group WHERE name = ANY(${groups}::text[])
        ), due AS MATERIALIZED (
          SELECT m."group", m.id, g.now_ms
            FROM given JOIN g ON g.name = given."group"
            JOIN consumer_member m ON m."group" = g.name AND m.id = given.member AND m.subject = given.subject
           WHERE m.seen_at_ms + g.session_ms > g.now_ms AND m.seen_at_ms + ${SIGN_PAUSE_MS}::int <= g.now_ms
             FOR NO KEY UPDATE OF m SKIP LOCKED
        ), noted AS (
          UPDATE consumer_member m SET seen_at_ms = due.now_ms FROM due
           WHERE m."group" = due."group" AND m.id = due.id
        ), counted AS MATERIALIZED (
          SELECT g.name, count(m.id)::int AS members,
                 count(*) FILTER (WHERE m.seen_at_ms + g.session_ms <= g.now_ms) AS expired
            FROM g LEFT JOIN consumer_member m ON m."group" = g.name GROUP BY g.name
        )
        SELECT given.at::int AS at, extract(epoch FROM g.created_at)::text AS born, g.version::float8 AS version,
               g.synchronous, counted.members,
               counted.expired > (coalesce(own.seen_at_ms + g.session_ms <= g.now_ms, false))::int AS "hasExpired",
               CASE WHEN own.seen_at_ms + g.session_ms > g.now_ms THEN own.subject END AS subject,
               coalesce(own.commits, 0)::float8 AS commits,
               coalesce((SELECT (extract(epoch FROM w.at) * 1000)::float8 FROM shardlet_weight w
                          WHERE w.stream = g.stream LIMIT 1), 0) AS "weightsAtMs"
          FROM given JOIN g ON g.name = given."group" JOIN counted ON counted.name = g.name
          LEFT JOIN consumer_member own ON own."group" = g.name AND own.id = given.member`,
    );
    const byPlace = new Map(rows.map((row) => [row.at, row]));
    return signs.map(({ subject }, i) => touchedOf(byPlace.get(i + 1), subject));
  }

  async commit(name: string, request: Commit & Caller): Promise<Committed | undefined> {
    const { member, positions } = request;
    const results = new Map<string, CommitResult>();
    let left = highestOf(positions);
    for (let looks = 1; ; looks++) {
      const row = await this.commitOnce(name, request, left);
      if (row === undefined) return undefined;
      if (row.commits === null && row.subject !== null && row.subject !== request.subject)
        return { kind: 'foreign' };
      const raced: CommitPosition[] = [];
      for (const [at, moved, assignment, holder, seq] of row.rows) {
        const position = left[at]!;
        const found =
          assignment === null ? undefined : { assignment, member: holder ?? undefined, seq: seq! };
        const judged = moved ? COMMITTED : judgeCommit(found, member, position);
        if (!moved && judged.kind === 'committed' && row.commits !== null && looks < LOOKS_MAX)
          raced.push(position);
        else results.set(fenceOf(position), moved ? judged : refusalOf(judged, found?.assignment));
      }
      left = raced;
      if (left.length > 0) continue;
      const { born, version, commits } = row;
      const each = positions.map((position) => results.get(fenceOf(position))!);
      return { kind: 'done', born, version, commits: commits ?? 0, results: each };
    }
  }

  async positionsOf(name: string, member: string) {
    const [row] = await this.reaching(
      () => this.prisma.$queryRaw<{ commits: number | null; positions: PositionRow[] | null }[]>`
        SELECT (SELECT commits::float8 FROM consumer_member WHERE "group" = ${name} AND id = ${member}) AS commits,
               (SELECT json_agg(json_build_array(shardlet, seq, epoch, assignment))
                  FROM consumer_checkpoint WHERE "group" = ${name} AND member = ${member}) AS positions`,
    );
    return { commits: row?.commits ?? 0, positions: (row?.positions ?? []).map(toPosition) };
  }

  async reached(
    name: string,
    ends: readonly Pick<Position, 'shardlet' | 'seq'>[],
  ): Promise<readonly AssignedPosition[]> {
    const shardlets = ends.map((end) => end.shardlet);
    const seqs = ends.map((end) => end.seq);
    const [row] = await this.reaching(
      () => this.prisma.$queryRaw<{ positions: PositionRow[] | null }[]>`
        SELECT json_agg(json_build_array(c.shardlet, c.seq, c.epoch, c.assignment)) AS positions
          FROM unnest(${shardlets}::bigint[], ${seqs}::bigint[]) AS e(shardlet, seq)
          JOIN consumer_checkpoint c ON c."group" = ${name} AND c.shardlet = e.shardlet AND c.seq >= e.seq`,
    );
    return (row?.positions ?? []).map(toPosition);
  }

  /** All rows have the time of the last writing. What belongs to streams without a group goes. */
  async weigh(stream: number, perSecond: ReadonlyMap<number, number>): Promise<void> {
    const ids = [...perSecond.keys()];
    const weights = [...perSecond.values()];
    await this.within(async (tx) => {
      await tx.$executeRaw`
        DELETE FROM shardlet_weight w
         WHERE w.stream = ${stream} OR NOT EXISTS (SELECT FROM consumer_group g WHERE g.stream = w.stream)`;
      await tx.$executeRaw`
        INSERT INTO shardlet_weight (stream, shardlet, p90_per_second, at)
        SELECT ${stream}::bigint, w.id, w.weight, transaction_timestamp()
          FROM unnest(${ids}::bigint[], ${weights}::float8[]) AS w(id, weight)
        ON CONFLICT (stream, shardlet) DO UPDATE SET p90_per_second = excluded.p90_per_second, at = excluded.at`;
    });
  }

  async weightsOf(stream: number): Promise<Weights> {
    const [row] = await this.reaching(
      () => this.prisma.$queryRaw<WeightsRow[]>`
        SELECT json_agg(json_build_array(shardlet, p90_per_second)) AS weights,
               (extract(epoch FROM max(at)) * 1000)::float8 AS "weightsAtMs"
          FROM shardlet_weight WHERE stream = ${stream}`,
    );
    return row === undefined ? NO_WEIGHTS : toWeights(row);
  }

  change<R>(
    name: string,
    change: (known: KnownGroup, nowMs: number) => { readonly state: GroupState; readonly result: R },
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
      const { state, result } = change(known, clock.now_ms);
      await save(tx, name, known.state, state);
      return result;
    });
  }

  /** The order of the locks stands in the chain of the names: group, member, then positions. */
  private async commitOnce(
    name: string,
    { member, subject }: Caller,
    positions: readonly CommitPosition[],
  ): Promise<CommittedRow | undefined> {
    const given = JSON.stringify(positions.map((position, at) => ({ at, ...position })));
    const [row] = await this.reaching(
      () => this.prisma.$queryRaw<CommittedRow[]>`
        WITH g AS MATERIALIZED (
          SELECT name, version, created_at,
                 floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms,
                 set_config('synchronous_commit', 'on', true) AS synchronous
            FROM consumer_group WHERE name = ${name} FOR KEY SHARE
        ), own AS MATERIALIZED (
          UPDATE consumer_member m SET seen_at_ms = greatest(m.seen_at_ms, g.now_ms), commits = m.commits + 1 FROM g
           WHERE m."group" = g.name AND m.id = ${member} AND (m.subject IS NULL OR m.subject = ${subject})
          RETURNING m.commits
        ), given AS MATERIALIZED (
          SELECT p.* FROM own,
            json_to_recordset(${given}::json) AS p(at int, shardlet bigint, seq bigint, epoch bigint, assignment bigint)
        ), moved AS (
          UPDATE consumer_checkpoint c SET seq = p.seq, epoch = p.epoch FROM given p
           WHERE c."group" = ${name} AND c.shardlet = p.shardlet AND c.assignment = p.assignment
             AND c.member = ${member} AND c.seq <= p.seq
          RETURNING p.at
        )
        SELECT extract(epoch FROM g.created_at)::text AS born, g.version::float8 AS version, g.synchronous,
               (SELECT commits::float8 FROM own) AS commits,
               (SELECT subject FROM consumer_member WHERE "group" = ${name} AND id = ${member}) AS subject,
               (SELECT json_agg(json_build_array(p.at, moved.at IS NOT NULL, c.assignment, c.member, c.seq))
                  FROM json_to_recordset(${given}::json) AS p(at int, shardlet bigint)
                  LEFT JOIN moved ON moved.at = p.at
                  LEFT JOIN consumer_checkpoint c ON c."group" = ${name} AND c.shardlet = p.shardlet) AS rows
          FROM g`,
    );
    return row;
  }

  private forOrder<T extends string>(act: (tx: Tx) => Promise<T>): Promise<T> {
    const hasChanged = (result: T) => result === 'created';
    return this.reaching(() => namedTransaction(this.prisma, act, { limits: TIMES, hasChanged }));
  }

  private within<T>(act: (tx: Tx) => Promise<T>): Promise<T> {
    return this.reaching(() => this.prisma.$transaction(act, TIMES));
  }

  private reaching<T>(query: () => Promise<T>): Promise<T> {
    return reaching(this.databaseUrl, query, ANSWER_WITHIN_MS);
  }
}

/** In one statement: parts that were read one after the other could be of different versions. */
async function load(tx: Pick<Tx, '$queryRaw'>, name: string): Promise<KnownGroup | undefined> {
  const [row] = await tx.$queryRaw<LoadedRow[]>`
    SELECT g.name, g.stream::float8 AS stream, g.session_ms AS "sessionMs", g.push, g.owner,
           g.redrive_of AS "redriveOf", g.attempts, g."order", g.drain_minutes AS "drainMinutes", g.checkpointing,
           g.version::float8 AS version, extract(epoch FROM g.created_at)::text AS born,
           (SELECT json_agg(json_build_array(id, seen_at_ms, subject, commits) ORDER BY id)
              FROM consumer_member WHERE "group" = g.name) AS members,
           (SELECT json_agg(json_build_array(shardlet, seq, epoch, assignment, member, revoking, skipped)
                            ORDER BY shardlet)
              FROM consumer_checkpoint WHERE "group" = g.name) AS checkpoints,
           (SELECT json_agg(json_build_array(shardlet, p90_per_second))
              FROM shardlet_weight WHERE stream = g.stream) AS weights,
           (SELECT (extract(epoch FROM max(at)) * 1000)::float8
              FROM shardlet_weight WHERE stream = g.stream) AS "weightsAtMs"
      FROM consumer_group g WHERE g.name = ${name}`;
  if (row === undefined) return undefined;
  const checkpoints = (row.checkpoints ?? []).map(toCheckpoint);
  return {
    group: toGroup(row),
    born: row.born,
    state: {
      version: row.version,
      members: (row.members ?? []).map(toMember),
      checkpoints: new Map(checkpoints.map((c) => [c.shardlet, c])),
    },
    weights: toWeights(row),
  };
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

/** Nothing of before is in the state: recoveries without a checkpoint begin there. */
async function putStarts(tx: Tx, group: string, positions: readonly Position[]): Promise<void> {
  const data = positions.map(({ shardlet, seq, epoch }) => ({
    ...{ id: randomUUID(), group, shardlet, seq, epoch, assignment: 0, member: '', handlerVersion: '' },
    ...{ state: 'valid', bytes: 0, keys: 0, digest: '', object: '', store: '', reason: 'start' },
  }));
  if (data.length > 0) await tx.stateCheckpoint.createMany({ data });
}

interface GroupRow {
  readonly name: string;
  readonly stream: number | bigint;
  readonly sessionMs: number;
  readonly push: unknown;
  readonly owner: string | null;
  readonly redriveOf: string | null;
  readonly attempts: number | null;
  readonly order: string;
  readonly drainMinutes: number | null;
  readonly checkpointing: unknown;
}

type MemberRow = readonly [id: string, seenAtMs: number, subject: string | null, commits: number];
type PositionRow = readonly [shardlet: number, seq: number, epoch: number, assignment: number];
type CheckpointRow = readonly [...PositionRow, member: string | null, revoking: boolean, skipped: number];

interface WeightsRow {
  readonly weights: readonly (readonly [shardlet: number, perSecond: number])[] | null;
  readonly weightsAtMs: number | null;
}

interface LoadedRow extends GroupRow, WeightsRow {
  readonly born: string;
  readonly version: number;
  readonly members: readonly MemberRow[] | null;
  readonly checkpoints: readonly CheckpointRow[] | null;
}

interface SumsRow extends Omit<GroupSums, 'unfinished'> {
  readonly unfinished: readonly number[] | null;
}

interface TouchedRow extends Omit<Touched, 'standing'> {
  /** place of the sign, from 1 */
  readonly at: number;
  readonly subject: string | null;
}

interface CommittedRow {
  readonly born: string;
  readonly version: number;
  /** null: no member of this id and subject */
  readonly commits: number | null;
  readonly subject: string | null;
  readonly rows: readonly (readonly [
    at: number,
    moved: boolean,
    assignment: number | null,
    member: string | null,
    seq: number | null,
  ])[];
}

const COMMITTED: CommitResult = { kind: 'committed' };

/** What would have been taken and was not, again and again, is another's by the time of the answer. */
function refusalOf(judged: CommitResult, assignment = 0): CommitResult {
  return judged.kind === 'committed' ? { kind: 'fenced', assignment } : judged;
}

function touchedOf(row: TouchedRow | undefined, caller: string): Touched | undefined {
  if (row === undefined) return undefined;
  const { born, version, members, hasExpired, commits, weightsAtMs, subject } = row;
  const standing = subject === null ? 'unsettled' : subject === caller ? 'member' : 'foreign';
  return { born, version, members, hasExpired, commits, weightsAtMs, standing };
}

function toGroup(row: GroupRow): Group {
  const { name, stream, sessionMs, push, owner, redriveOf, attempts, order, drainMinutes, checkpointing } =
    row;
  return groupSchema.parse({
    ...{ name, stream: Number(stream), sessionMs },
    ...(push === null ? {} : { push }),
    ...(owner === null ? {} : { owner }),
    ...(redriveOf === null ? {} : { redriveOf }),
    ...(attempts === null ? {} : { attempts }),
    ...(order === 'key' ? {} : { order }),
    ...(drainMinutes === null ? {} : { drainMinutes }),
    ...(checkpointing === null ? {} : { checkpointing }),
  });
}

function toWeights({ weights, weightsAtMs }: WeightsRow): Weights {
  return weights === null ? NO_WEIGHTS : { atMs: weightsAtMs ?? 0, perSecond: new Map(weights) };
}

function toMember([id, seenAtMs, subject, commits]: MemberRow): Member {
  return { id, seenAtMs, subject: subject ?? undefined, commits };
}

function toPosition([shardlet, seq, epoch, assignment]: PositionRow): AssignedPosition {
  return { shardlet, seq, epoch, assignment };
}

function toCheckpoint([
  shardlet,
  seq,
  epoch,
  assignment,
  member,
  revoking,
  skipped,
]: CheckpointRow): Checkpoint {
  return { shardlet, seq, epoch, assignment, member: member ?? undefined, revoking, skipped };
}
