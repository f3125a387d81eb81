/** What the suites of moves share: clients' journals, workers that copy in small pieces, calls that are held back. */
import { expect, test } from 'vitest';
import { type Position, range } from '../keyspace/index.ts';
import type { Action, Perform } from '../machines/index.ts';
import { expectSettled } from '../machines/settled.fixture.ts';
import { restructure, type Shardlet } from '../topology/index.ts';
import { A, type HeldBack, type HostServer, ServerCluster } from './server-cluster.fixture.ts';

export const FINISHED = { kind: 'finished' };
/** More than a move has actions: one shardlet for each place where something happens. */
export const PLACES = 40;
/** Records of a shardlet, in chunks of a few: a copy has several steps. */
export const EVENTS = 20;
const CHUNK_BYTES = 300;

/** What clients were told, per shardlet, in the order in which they were told. */
export class Journal {
  private readonly cluster: ServerCluster;
  private readonly acknowledged = new Map<number, string[]>();

  constructor(cluster: ServerCluster) {
    this.cluster = cluster;
  }

  of({ id }: Pick<Shardlet, 'id'>): string[] {
    const ids = this.acknowledged.get(id) ?? [];
    this.acknowledged.set(id, ids);
    return ids;
  }

  /** Events of their own for each of them, in one call. REQUIRES shardlets on A. */
  async fill(shardlets: readonly Shardlet[], count: number): Promise<void> {
    const groups = shardlets.map((shardlet) => {
      const ids = Array.from({ length: count }, (_, i) => `${shardlet.id}-event-${i}`);
      this.of(shardlet).push(...ids);
      return this.cluster.groupOf(shardlet, ids);
    });
    for (const reply of await this.cluster.hosts.get(A)!.append(groups))
      expect(reply).toMatchObject({ kind: 'appended', stored: count });
  }

  /** By whoever T names. Answers whether it was taken. */
  async append(shardlet: Pick<Shardlet, 'id'>, id: string): Promise<boolean> {
    await this.cluster.refresh();
    const reply = await this.cluster.append(this.cluster.now(shardlet), id);
    const isNew = reply.kind === 'appended' && reply.stored === 1;
    if (isNew) this.of(shardlet).push(id);
    return isNew;
  }

  async check(): Promise<void> {
    await expectSettled(this.cluster);
    for (const [id, ids] of this.acknowledged) {
      const { owner } = this.cluster.now({ id });
      expect(await this.cluster.idsOn(owner, id)).toEqual(ids);
    }
  }
}

export function inSmallChunks(perform: Perform): Perform {
  return async (action) =>
    action.kind === 'consult' ? ({ kind: 'go', chunkBytes: CHUNK_BYTES } as never) : perform(action);
}

const CHANGING: readonly Action['kind'][] = [
  'createShadow',
  'createOpen',
  'ingest',
  'ingestIds',
  'truncate',
  'trim',
  'seal',
  'ready',
  'open',
  'raise',
  'drop',
];

export function holdingBack(held: HeldBack, perform: Perform): Perform {
  return async (action) => {
    if ('host' in action && CHANGING.includes(action.kind)) await held.send(action);
    return perform(action);
  };
}

export async function roll(cluster: ServerCluster, shardlet: Pick<Shardlet, 'id'>, perform?: Perform) {
  return (await split(cluster, shardlet, undefined, perform))[0]!;
}

/** @param at without it there is one child, of the same range */
export async function split(
  cluster: ServerCluster,
  shardlet: Pick<Shardlet, 'id'>,
  at: Position | undefined,
  perform?: Perform,
): Promise<Shardlet[]> {
  const { id, epoch, range: r } = cluster.now(shardlet);
  const children = at === undefined ? [r] : [range(r.from, at), range(at, r.to)];
  const decided = await cluster.decide(restructure({ parents: [{ id, epoch }], children }));
  await cluster.finishAll(perform);
  return decided.children.map((child) => cluster.now(child));
}

export function middleOf({ range: { from, to } }: Shardlet): Position {
  return { hi: Math.floor((from.hi + to.hi) / 2), lo: 0 };
}

export type Scenario = (
  says: string,
  body: (cluster: ServerCluster, journal: Journal) => Promise<void>,
) => void;

/** A case on a fresh cluster, and after it the logs against what was acknowledged. */
export function scenarioOn(servers: () => readonly [HostServer, HostServer]): Scenario {
  return (says, body) =>
    test(says, async () => {
      const cluster = new ServerCluster(servers());
      const journal = new Journal(cluster);
      try {
        await body(cluster, journal);
        await journal.check();
      } finally {
        await cluster.end();
      }
    });
}
