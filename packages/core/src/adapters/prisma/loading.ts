/** Reads what a decision needs, inside its transaction, beginning with the clock. */
import { invariant } from '../../kernel/index.ts';
import type { Loaded, Needs } from '../../topology/index.ts';
import type { Prisma } from './client.ts';
import { RolledBack, UNEXAMINED } from './rolled-back.ts';
import { toGarbage, toHost, toShardlet, toStream } from './rows.ts';

interface ClockRow {
  readonly version: bigint;
  readonly now_ms: number;
  readonly next_shardlet: bigint;
  readonly next_stream: bigint;
  readonly next_host: bigint;
  readonly is_restored: boolean;
}

/**
 * A decider that falls silent in the middle keeps every other one waiting for the clock; after this time
 * the database ends its session, which rolls it back.
 */
const SILENT_DECIDER_MS = 15_000;

/**
 * Takes the next version. REQUIRES to be the first statement of the transaction: the row stays locked until
 * the commit, so from here on this is the only decider and sees all that was decided before. The settings
 * travel with it, for this transaction only: a commit of T must be on disk before it is answered.
 */
async function tick(tx: Prisma.TransactionClient): Promise<ClockRow> {
  const [clock] = await tx.$queryRaw<ClockRow[]>`
    UPDATE clock SET version = version + 1
    RETURNING version, next_shardlet, next_stream, next_host, restored IS NOT NULL AS is_restored,
      floor(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now_ms,
      set_config('synchronous_commit', 'on', true),
      set_config('idle_in_transaction_session_timeout', ${String(SILENT_DECIDER_MS)}, true)`;
  invariant(clock !== undefined, 'the table clock has lost its row');
  return clock;
}

export async function load(tx: Prisma.TransactionClient, needs: Needs): Promise<Loaded> {
  const clock = await tick(tx);
  if (clock.is_restored) throw new RolledBack(UNEXAMINED);
  // one after the other: a transaction has one connection
  const streams = await tx.stream.findMany({ orderBy: { id: 'asc' } });
  const hosts = await tx.host.findMany({ orderBy: { id: 'asc' } });
  const shardlets = await neededShardlets(tx, needs);
  const garbage = needs.garbage ? await tx.garbage.findMany() : [];
  return {
    version: Number(clock.version),
    nowMs: clock.now_ms,
    streams: streams.map(toStream),
    hosts: hosts.map(toHost),
    shardlets: shardlets.map(toShardlet),
    garbage: garbage.map(toGarbage),
    nextIds: {
      shardlet: Number(clock.next_shardlet),
      stream: Number(clock.next_stream),
      host: Number(clock.next_host),
    },
  };
}

async function neededShardlets(tx: Prisma.TransactionClient, needs: Needs) {
  const { shardlets: ids = [], shardletsOfStream, shardletsOfHost } = needs;
  const any: Prisma.ShardletWhereInput[] = [];
  if (ids.length > 0) any.push({ id: { in: ids.map(BigInt) } });
  if (shardletsOfStream !== undefined) any.push({ stream: BigInt(shardletsOfStream) });
  if (shardletsOfHost !== undefined) {
    const host = BigInt(shardletsOfHost);
    any.push({ owner: host }, { otherHost: host });
  }
  return any.length === 0 ? [] : tx.shardlet.findMany({ where: { OR: any }, orderBy: { id: 'asc' } });
}
