/** Reads what a decision needs, inside its transaction, beginning with the clock. */
import { invariant } from '../../kernel/index.ts';
import type { Loaded, Needs } from '../../topology/index.ts';
import type { Prisma } from './client.ts';
import { RolledBack, UNEXAMINED } from './rolled-back.ts';
import {
  type AsRead,
  type GarbageRow,
  type HostRow,
  type ShardletRow,
  type StreamRow,
  toGarbage,
  toHost,
  toShardlet,
  toStream,
} from './rows.ts';

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
 * travel with it, for this transaction only: a commit of the topology store must be on disk before it is answered.
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

/**
 * What a decision needs, in one question: edges wait for some decisions, and every question is a way there and back.
 */
export async function load(tx: Prisma.TransactionClient, needs: Needs): Promise<Loaded> {
  const clock = await tick(tx);
  if (clock.is_restored) throw new RolledBack(UNEXAMINED);
  const { streams, hosts, shardlets, garbage } = await neededRows(tx, needs);
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

interface NeededRows {
  readonly streams: readonly AsRead<StreamRow>[];
  readonly hosts: readonly AsRead<HostRow>[];
  readonly shardlets: readonly AsRead<ShardletRow>[];
  readonly garbage: readonly AsRead<GarbageRow>[];
}

/**
 * As JSON, whose numbers are exact below 2^53. Not in the statement of the clock: it would see what was there before
 * its lock.
 */
async function neededRows(tx: Prisma.TransactionClient, needs: Needs): Promise<NeededRows> {
  const { shardlets: ids = [], shardletsOfStream = null, shardletsOfHost = null, garbage = false } = needs;
  const [rows] = await tx.$queryRaw<NeededRows[]>`
    SELECT
      (SELECT coalesce(json_agg(json_build_object(
         'id', id, 'name', name, 'shardCount', shard_count, 'splitKeys', split_keys,
         'retentionMs', retention_ms, 'retentionBytes', retention_bytes, 'dedupWindowMs', dedup_window_ms
       ) ORDER BY id), '[]') FROM stream) AS streams,
      (SELECT coalesce(json_agg(to_json(host) ORDER BY id), '[]') FROM host) AS hosts,
      (SELECT coalesce(json_agg(json_build_object(
         'id', id, 'stream', stream, 'shard', shard, 'rangeFrom', range_from, 'rangeTo', range_to,
         'owner', owner, 'epoch', epoch, 'state', state, 'parents', parents, 'lost', lost
       ) ORDER BY id), '[]') FROM shardlet
       WHERE id = ANY(${ids}::bigint[]) OR stream = ${shardletsOfStream}::bigint
          OR owner = ${shardletsOfHost}::bigint OR other_host = ${shardletsOfHost}::bigint) AS shardlets,
      (SELECT coalesce(json_agg(to_json(garbage)), '[]') FROM garbage WHERE ${garbage}) AS garbage`;
  invariant(rows !== undefined, 'a query of aggregates has one row');
  return rows;
}
