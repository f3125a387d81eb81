/**
 * Between the values of the domain and the rows of the tables. Numbers of the domain are below 2^53, so the
 * bigint columns convert exactly. What is read is validated: a row that another release wrote differently
 * fails here and not in a rule.
 */
import {
  type Change,
  changeSetSchema,
  type Garbage,
  garbageSchema,
  type Host,
  hostSchema,
  otherHost,
  type Shardlet,
  type Stream,
  shardletSchema,
  streamSchema,
} from '../../topology/index.ts';
import type {
  Change as ChangeRow,
  Garbage as GarbageRow,
  Host as HostRow,
  Shardlet as ShardletColumns,
  Stream as StreamRow,
} from './generated/client.ts';

export type { GarbageRow, HostRow, StreamRow };
/** Without the columns that are for queries by people. */
export type ShardletRow = Omit<ShardletColumns, 'kind' | 'otherHost'>;

/** A row as Prisma tells it, or as JSON does. */
export type AsRead<Row> = { readonly [C in keyof Row]: bigint extends Row[C] ? Row[C] | number : Row[C] };

export function toStream(row: AsRead<StreamRow>): Stream {
  return streamSchema.parse(exact(row));
}

export function toHost({ readmission, ...row }: AsRead<HostRow>): Host {
  return hostSchema.parse({ ...exact(row), ...(readmission === null ? {} : { readmission }) });
}

export function toShardlet(row: AsRead<ShardletRow>): Shardlet {
  return shardletSchema.decode({
    id: Number(row.id),
    stream: Number(row.stream),
    shard: row.shard,
    range: { from: row.rangeFrom, to: row.rangeTo },
    owner: Number(row.owner),
    epoch: Number(row.epoch),
    // the schema checks these below
    state: row.state as Shardlet['state'],
    parents: row.parents as Shardlet['parents'],
    lost: row.lost as Shardlet['lost'],
  });
}

export function toGarbage(row: AsRead<GarbageRow>): Garbage {
  return garbageSchema.parse(exact(row));
}

export function toChange(row: ChangeRow): Change {
  const { version, at, decision, actor, auditRow } = row;
  const set = changeSetSchema.decode(row.payload as Parameters<typeof changeSetSchema.decode>[0]);
  const cause = auditRow === null ? { actor } : { actor, auditRow: String(auditRow) };
  return { ...set, version: Number(version), at: Number(at), decision, ...cause };
}

/** A row of the table `shardlet` by its column names, as `json_populate_recordset` takes it. */
export function shardletColumns(shardlet: Shardlet): Record<string, unknown> {
  const { range, state, ...rest } = shardletSchema.encode(shardlet);
  return {
    ...rest,
    state,
    range_from: range.from,
    range_to: range.to,
    other_host: otherHost(shardlet) ?? null,
    kind: state.kind,
  };
}

function exact(row: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [key, typeof value === 'bigint' ? Number(value) : value]),
  );
}
