/**
 * The topology store of a large cluster, and the history of how it became so: rows as decisions would have left them,
 * without the decisions, because a hundred thousand of those take minutes.
 */
import { slices, WHOLE } from '@foreshard/core/keyspace';
import {
  type Change,
  changeSetSchema,
  type Host,
  hostSchema,
  type Shardlet,
  type Stream,
  shardletSchema,
} from '@foreshard/core/topology';
import type pg from 'pg';
import { noise } from './load-shape.ts';

const STREAM = 1;
const SPLITS = 24;
const MOVES_ENDED = 16;
const DAY_MS = 86_400_000;
/** One in five is a PostgreSQL database, as in a cluster that has grown. */
const POSTGRES_EVERY = 5;

export interface LargeTopology {
  readonly stream: Stream;
  readonly hosts: readonly Host[];
  /** in the order of their ranges; those that were split follow at the end */
  readonly shardlets: readonly Shardlet[];
  readonly leaves: number;
  readonly changes: readonly Change[];
}

export interface Size {
  readonly hosts: number;
  readonly shardlets: number;
  /** that move just now */
  readonly moving: number;
}

export function largeTopology(size: Size, nowMs: number): LargeTopology {
  const shardCount = Math.min(4_000, size.shardlets);
  const perShard = Math.ceil(size.shardlets / shardCount);
  const stream: Stream = {
    ...{ id: STREAM, name: 'main', shardCount, splitKeys: false },
    ...{ retentionMs: 7 * DAY_MS, retentionBytes: null, dedupWindowMs: 900_000 },
  };
  const hosts = Array.from({ length: size.hosts }, (_, i) => hostOf(i));
  const leaves = slices(WHOLE, shardCount).flatMap((shard, index) =>
    slices(shard, perShard).map((range, k): Shardlet => {
      const place = index * perShard + k;
      const owner = 1 + Math.floor(noise(place, 2) * size.hosts);
      return {
        id: place + 1,
        stream: STREAM,
        shard: index,
        range,
        owner,
        epoch: 1,
        state: { kind: 'open' },
        parents: [],
        lost: [],
      };
    }),
  );
  const history = historyOf(leaves, size, nowMs);
  return {
    stream,
    hosts,
    shardlets: [...leaves, ...history.parents],
    leaves: leaves.length,
    changes: history.changes,
  };
}

function hostOf(i: number): Host {
  const postgres = i % POSTGRES_EVERY === POSTGRES_EVERY - 1;
  const zone = 'abc'[i % 3]!;
  const name = `${zone}-${String(i + 1).padStart(3, '0')}`;
  const address = `10.${20 + (i % 3)}.${Math.floor(i / 200)}.${(i % 200) + 10}`;
  return {
    ...{
      id: i + 1,
      name,
      engine: postgres ? 'postgres' : 'redis',
      incarnation: `run-${i + 1}`,
      generation: 0,
      durability: 'always',
    },
    url: postgres ? `postgresql://${address}:5432/events` : `redis://${address}:6379`,
    state: i === 41 ? 'draining' : 'active',
    ...{ zone, labels: {}, capacity: {} },
  };
}

/** Splits and moves of the last days, as the log tells them, the last of them unfinished. */
function historyOf(leaves: Shardlet[], size: Size, nowMs: number) {
  const parents: Shardlet[] = [];
  const changes: Change[] = [];
  const total = SPLITS + MOVES_ENDED + size.moving;
  for (let n = 0; n < total; n++) {
    const isMove = n % 2 === 1 || n >= 2 * SPLITS;
    const running = n >= total - size.moving;
    const at = running
      ? nowMs - (total - n) * 90_000
      : Math.floor(nowMs - 6 * DAY_MS * (1 - n / total) - 3_600_000);
    const version = n + 2;
    const place = Math.floor(noise(n, 3) * (leaves.length - 2)) & ~1;
    const shardlets =
      isMove || running
        ? [moving(leaves, place, version, size, running)]
        : split(leaves, parents, place, version);
    changes.push({
      ...{
        version,
        at,
        actor: running ? 'planner' : 'operator',
        decision: isMove || running ? 'prepareMove' : 'split',
      },
      ...changeSetSchema.parse({}),
      shardlets,
    });
  }
  return { parents, changes };
}

function moving(
  leaves: Shardlet[],
  place: number,
  version: number,
  { hosts }: Size,
  stays: boolean,
): Shardlet {
  const leaf = leaves[place]!;
  const dest = 1 + (leaf.owner % hosts);
  const moved: Shardlet = { ...leaf, state: { kind: 'moving', dest, nextEpoch: version } };
  if (stays) leaves[place] = moved;
  return moved;
}

/** Two neighbours as if they had been one. */
function split(leaves: Shardlet[], parents: Shardlet[], place: number, version: number): Shardlet[] {
  const children = [leaves[place]!, leaves[place + 1]!];
  const id = leaves.length + parents.length + 1;
  const parent: Shardlet = {
    ...children[0]!,
    id,
    range: { from: children[0]!.range.from, to: children[1]!.range.to },
  };
  const successors = children.map((child) => child.id);
  parents.push({ ...parent, state: { kind: 'gone', successors, finalSeq: 1_000, finalTs: 1_000 } });
  for (const [k, child] of children.entries())
    leaves[place + k] = { ...child, parents: [id], epoch: version };
  return [
    { ...parent, state: { kind: 'closing', successors } },
    ...children.map(
      (child): Shardlet => ({
        ...child,
        parents: [id],
        state: { kind: 'opening', job: { kind: 'create', parents: [{ shardlet: id, epoch: 1 }] } },
      }),
    ),
  ];
}

const ROWS_A_STATEMENT = 10_000;

export async function writeTopology(database: pg.Client, topology: LargeTopology): Promise<void> {
  const { stream, hosts, shardlets, changes } = topology;
  await insert(database, 'stream', [
    {
      id: stream.id,
      name: stream.name,
      shard_count: stream.shardCount,
      split_keys: stream.splitKeys,
      retention_ms: stream.retentionMs,
      retention_bytes: null,
      dedup_window_ms: stream.dedupWindowMs,
    },
  ]);
  await insert(
    database,
    'host',
    hosts.map((host) => hostSchema.parse(host)),
  );
  for (let i = 0; i < shardlets.length; i += ROWS_A_STATEMENT)
    await insert(database, 'shardlet', shardlets.slice(i, i + ROWS_A_STATEMENT).map(shardletRow));
  const first = {
    version: 1,
    at: changes[0]!.at - 30 * DAY_MS,
    decision: 'createStream',
    actor: 'operator',
    payload: changeSetSchema.encode(changeSetSchema.parse({})),
  };
  await insert(database, 'change', [
    first,
    ...changes.map(({ version, at, decision, actor, ...set }) => ({
      version,
      at,
      decision,
      actor,
      payload: changeSetSchema.encode(set),
    })),
  ]);
  await database.query(
    'UPDATE clock SET version = $1, next_shardlet = $2, next_stream = $3, next_host = $4',
    [changes.at(-1)!.version, shardlets.length + 1, stream.id + 1, hosts.length + 1],
  );
}

function shardletRow(shardlet: Shardlet): Record<string, unknown> {
  const { range, state, ...rest } = shardletSchema.encode(shardlet);
  const other = 'dest' in state ? state.dest : null;
  return { ...rest, state, range_from: range.from, range_to: range.to, other_host: other, kind: state.kind };
}

async function insert(database: pg.Client, table: string, rows: readonly object[]): Promise<void> {
  await database.query(`INSERT INTO ${table} SELECT * FROM json_populate_recordset(null::${table}, $1)`, [
    JSON.stringify(rows),
  ]);
}
