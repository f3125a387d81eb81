/** Writes what a decision changed, inside its transaction; many rows are one statement. */
import { type Change, changeSetSchema, type Host, type NextIds, type Stream } from '../../topology/index.ts';
import { Prisma } from './client.ts';
import { shardletColumns } from './rows.ts';

type Tx = Prisma.TransactionClient;

export async function store(tx: Tx, change: Change, next: NextIds, before?: NextIds): Promise<void> {
  if (change.streamsRemoved.length > 0) await removeStreams(tx, change.streamsRemoved);
  for (const stream of change.streams) await putStream(tx, stream);
  if (change.hostsRemoved.length > 0)
    await tx.host.deleteMany({ where: { id: { in: change.hostsRemoved.map(BigInt) } } });
  for (const host of change.hosts) await putHost(tx, host);
  if (change.garbageRemoved.length > 0) await removeGarbage(tx, change.garbageRemoved);
  // edges wait for some decisions, and most give no id
  if (before === undefined || !sameIds(before, next)) await moveNextIds(tx, next);
  await putRest(tx, change);
}

async function removeStreams(tx: Tx, streams: readonly number[]): Promise<void> {
  const ids = streams.map(BigInt);
  await tx.shardlet.deleteMany({ where: { stream: { in: ids } } });
  await tx.stream.deleteMany({ where: { id: { in: ids } } });
}

async function putStream(tx: Tx, { id, ...stream }: Stream): Promise<void> {
  await tx.stream.upsert({ where: { id }, create: { id, ...stream }, update: stream });
}

async function putHost(tx: Tx, { id, readmission, ...host }: Host): Promise<void> {
  const columns = { ...host, readmission: readmission ?? Prisma.DbNull };
  await tx.host.upsert({ where: { id }, create: { id, ...columns }, update: columns });
}

/** What most decisions change, and the entry in the change log, in one statement: edges wait for some. */
async function putRest(tx: Tx, change: Change): Promise<void> {
  const { version, at, decision, actor, auditRow = null, ...set } = change;
  const shardlets = JSON.stringify(set.shardlets.map(shardletColumns));
  const garbage = JSON.stringify(set.garbage);
  const payload = JSON.stringify(changeSetSchema.encode(set));
  // what is not updated never changes: stream, shard, range and parents of an id
  await tx.$executeRaw`
    WITH put_shardlets AS (
      INSERT INTO shardlet SELECT * FROM json_populate_recordset(NULL::shardlet, ${shardlets}::json)
      ON CONFLICT (id) DO UPDATE SET
        owner = excluded.owner, other_host = excluded.other_host, epoch = excluded.epoch,
        kind = excluded.kind, state = excluded.state, lost = excluded.lost
    ), put_garbage AS (
      INSERT INTO garbage SELECT * FROM json_populate_recordset(NULL::garbage, ${garbage}::json)
    )
    INSERT INTO change (version, at, decision, actor, audit_row, payload)
    VALUES (${version}::bigint, ${at}::bigint, ${decision}, ${actor}, ${auditRow}::bigint, ${payload}::jsonb)`;
}

async function removeGarbage(tx: Tx, keys: Change['garbageRemoved']): Promise<void> {
  await tx.$executeRaw`
    DELETE FROM garbage g
    USING json_populate_recordset(NULL::garbage, ${JSON.stringify(keys)}::json) AS k
    WHERE g.host = k.host AND g.shardlet = k.shardlet AND g.epoch = k.epoch`;
}

function sameIds(a: NextIds, b: NextIds): boolean {
  return a.shardlet === b.shardlet && a.stream === b.stream && a.host === b.host;
}

async function moveNextIds(tx: Tx, next: NextIds): Promise<void> {
  await tx.clock.update({
    where: { one: true },
    data: { nextShardlet: next.shardlet, nextStream: next.stream, nextHost: next.host },
  });
}
