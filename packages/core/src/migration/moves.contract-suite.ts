/**
 * Moves between two real hosts under what a network, a second worker and wrong clocks can do to them. After
 * each case the log of every shardlet is what was acknowledged, in order, and T and the hosts agree.
 */
import { describe, expect, test } from 'vitest';
import {
  DEDUP_LEAD_MICROS,
  DEDUP_WINDOW_DEFAULT_MICROS,
  type EventHost,
  framePosition,
  type ReplicaDetails,
} from '../hosts/index.ts';
import { MICROS_PER_SECOND, seededRandom } from '../kernel/index.ts';
import { type Position, range } from '../keyspace/index.ts';
import { restructure, type Shardlet } from '../topology/index.ts';
import { abortingMachine } from './aborting.ts';
import { drive, type Perform } from './drive.ts';
import type { Action } from './machine.ts';
import { A, B, HeldBack, type HostServer, ServerCluster, standingStillAt } from './server-cluster.fixture.ts';
import { frameAt } from './test-cluster.ts';
import { expectSettled } from './test-settled.ts';

const FINISHED = { kind: 'finished' };
/** More than a move has actions: one shardlet for each place where something happens. */
const PLACES = 32;
/** Records of a shardlet, in chunks of a few: a copy has several steps. */
const EVENTS = 20;
const CHUNK_BYTES = 300;
/** The first seq that a trim of the source leaves. */
const KEPT_FROM = 12;

/** What clients were told, per shardlet, in the order in which they were told. */
class Journal {
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

function inSmallChunks(perform: Perform): Perform {
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

function holdingBack(held: HeldBack, perform: Perform): Perform {
  return async (action) => {
    if ('host' in action && CHANGING.includes(action.kind)) await held.send(action);
    return perform(action);
  };
}

async function roll(cluster: ServerCluster, shardlet: Pick<Shardlet, 'id'>, perform?: Perform) {
  return (await split(cluster, shardlet, undefined, perform))[0]!;
}

/** @param at without it there is one child, of the same range */
async function split(
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

function middleOf({ range: { from, to } }: Shardlet): Position {
  return { hi: Math.floor((from.hi + to.hi) / 2), lo: 0 };
}

export function movesContract(name: string, servers: () => readonly [HostServer, HostServer]): void {
  const scenario = (says: string, body: (cluster: ServerCluster, journal: Journal) => Promise<void>) =>
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

  /** What others do while a worker stands still before each of its steps in turn, each time on another shardlet. */
  const atEveryStep = async (
    cluster: ServerCluster,
    journal: Journal,
    others: (shardlet: Shardlet) => Promise<void>,
    ends: (shardlet: Shardlet, reached: boolean) => void,
  ) => {
    const shardlets = await cluster.begin(PLACES);
    await journal.fill(shardlets, 3);
    let places = 0;
    for (let reached = true; reached; places++) {
      reached = false;
      const shardlet = shardlets[places]!;
      await cluster.prepare(shardlet, B);
      const meanwhile = async () => {
        reached = true;
        await others(shardlet);
        expect(await journal.append(shardlet, 'meanwhile')).toBe(true);
      };
      await cluster.carryOut(shardlet, standingStillAt(places, cluster.performer(), meanwhile));
      expect(await journal.append(shardlet, 'after')).toBe(true);
      ends(cluster.now(shardlet), reached);
    }
    expect(places).toBeGreaterThan(12);
  };

  describe(`${name}: a move`, () => {
    scenario('is carried out once when a worker stands still before any step and another is done', (c, j) =>
      atEveryStep(
        c,
        j,
        async (shardlet) => {
          await c.complete(shardlet);
          await c.dropGarbage();
        },
        ({ owner }) => expect(owner).toBe(B),
      ),
    );

    scenario('is over for a worker that stood still until the shardlet had come back', (c, j) =>
      atEveryStep(
        c,
        j,
        async (shardlet) => {
          await c.complete(shardlet);
          expect(await c.move(shardlet, A)).toEqual(FINISHED);
        },
        ({ owner }, reached) => expect(owner).toBe(reached ? A : B),
      ),
    );

    scenario(
      'is either aborted or committed when both are wanted at once, whatever the step',
      async (c, j) => {
        const owners = new Set<number>();
        const abort = async (shardlet: Shardlet) => {
          await c.refresh();
          const moving = c.now(shardlet);
          if (moving.state.kind === 'moving')
            expect(await drive(abortingMachine(c.map, moving, 'no'), c.performer())).toMatchObject({
              kind: 'aborted',
            });
          else await c.finishAll();
          await c.dropGarbage();
        };
        await atEveryStep(c, j, abort, ({ owner }) => owners.add(owner));
        expect(owners).toEqual(new Set([A, B]));
      },
    );
  });

  describe(`${name}: calls that come late`, () => {
    scenario('after the commit and its drops change nothing', async (c, j) => {
      const [shardlet] = (await c.begin(1)) as [Shardlet];
      await j.fill([shardlet], EVENTS);
      const child = await roll(c, shardlet);
      await j.fill([child], EVENTS);
      const held = new HeldBack(c);
      const { state } = await c.prepare(child, B);
      const epoch = state.kind === 'moving' ? state.nextEpoch : 0;
      const perform = inSmallChunks(c.performer());
      const untoward: Perform = async (action) => {
        if (action.kind !== 'ready') return holdingBack(held, perform)(action);
        const records = [{ seq: EVENTS + 1, ts: c.clock.nowMicros(), frame: frameAt(0, 'never sent') }];
        await held.send({ kind: 'ingest', host: B, shardlet: child.id, epoch, records });
        await held.send({ kind: 'truncate', host: B, shardlet: child.id, epoch, seq: 1 });
        return holdingBack(held, perform)(action);
      };
      expect(await c.carryOut(child, untoward)).toEqual(FINISHED);
      expect(await j.append(child, 'on B')).toBe(true);
      await c.dropGarbage();
      const before = await c.held();
      const answers = await held.deliver();
      expect(await c.held()).toEqual(before);
      const said = (kind: string) =>
        answers.filter((answer) => answer.kind === kind).map(({ reply }) => reply);
      for (const kind of ['ingest', 'truncate'])
        for (const reply of said(kind)) expect(reply).toEqual({ kind: 'stale', epoch, mode: 'open' });
      expect(said('ingest').length).toBeGreaterThan(1);
      expect(said('ready')).toEqual([{ kind: 'stale', epoch, mode: 'open' }]);
      expect(said('ingestIds')).toHaveLength(1);
      expect(said('seal')).toMatchObject([{ kind: 'stale', mode: 'dropped' }]);
    });

    scenario('after an abort change nothing', async (c, j) => {
      const [shardlet] = (await c.begin(1)) as [Shardlet];
      await j.fill([shardlet], EVENTS);
      const held = new HeldBack(c);
      await c.prepare(shardlet, B);
      const fullThen: Perform = async (action) => {
        const perform = holdingBack(held, inSmallChunks(c.performer()));
        if (action.kind !== 'decide' || action.decision.name !== 'commitMigration') return perform(action);
        await drive(abortingMachine(c.map, c.now(shardlet), 'no'), perform);
        return c.performer()(action);
      };
      expect(await c.carryOut(shardlet, fullThen)).toMatchObject({ kind: 'stale' });
      expect(await j.append(shardlet, 'again on A')).toBe(true);
      // the epoch of the first abort is an old one then
      await c.prepare(shardlet, B);
      await drive(abortingMachine(c.map, c.now(shardlet), 'no'), c.performer());
      expect(await j.append(shardlet, 'still on A')).toBe(true);
      await c.dropGarbage();
      const before = await c.held();
      const kinds = (await held.deliver()).map(({ kind }) => kind);
      expect(kinds).toEqual(expect.arrayContaining(['seal', 'raise', 'ready', 'ingest', 'createShadow']));
      expect(await c.held()).toEqual(before);
    });

    scenario(
      'after a move there, back and there again, with all drops at the end, change nothing',
      async (c, j) => {
        const [shardlet] = (await c.begin(1)) as [Shardlet];
        await j.fill([shardlet], 5);
        const held = new HeldBack(c);
        const perform = holdingBack(held, c.performer());
        for (const dest of [B, A, B]) {
          expect(await c.move(shardlet, dest, perform)).toEqual(FINISHED);
          expect(await j.append(shardlet, `on ${dest} at ${c.now(shardlet).epoch}`)).toBe(true);
        }
        const before = await c.held();
        await held.deliver();
        expect(await c.held()).toEqual(before);
        await c.dropGarbage();
        expect(await c.idsOn(A, shardlet.id)).toEqual(['stale']);
      },
    );

    scenario(
      'after two more restructures, drops and the purge of tombstones create nothing',
      async (c, j) => {
        const [shardlet] = (await c.begin(1)) as [Shardlet];
        await j.fill([shardlet], 5);
        const held = new HeldBack(c);
        const perform = holdingBack(held, c.performer());
        const child = await roll(c, shardlet, perform);
        await j.append(child, 'on A');
        expect(await c.move(child, B, perform)).toEqual(FINISHED);
        const grandchild = await roll(c, child, perform);
        await j.append(grandchild, 'on B');
        expect(await c.move(child, A, perform)).toEqual(FINISHED);
        expect(await c.move(grandchild, A, perform)).toEqual(FINISHED);
        await j.append(grandchild, 'on A');
        await c.dropGarbage();
        for (const host of c.hosts.values()) await host.createFloor(c.map.version + 1);
        const before = await c.held();
        const kinds = (await held.deliver()).map(({ kind }) => kind);
        expect(kinds).toEqual(
          expect.arrayContaining(['createOpen', 'createShadow', 'seal', 'open', 'ready']),
        );
        expect(await c.held()).toEqual(before);
      },
    );

    scenario(
      'from an edge with a frozen map are refused, and its shadow writes harm nobody',
      async (c, j) => {
        const [shardlet] = (await c.begin(1)) as [Shardlet];
        await j.fill([shardlet], 5);
        const { state } = await c.prepare(shardlet, B);
        const epoch = state.kind === 'moving' ? state.nextEpoch : 0;
        let count = 0;
        const frozen = async () => {
          const id = `frozen-${count++}`;
          const reply = await c.append(shardlet, id);
          const hasMoved = c.now(shardlet).epoch !== shardlet.epoch;
          if (hasMoved || reply.kind !== 'appended') return expect(reply.kind).toBe('stale');
          j.of(shardlet).push(id);
          const frame = frameAt(shardlet.range.from.hi, id);
          await c.hosts
            .get(B)!
            .ingest(shardlet.id, epoch, [{ seq: reply.firstSeq, ts: reply.firstTs, frame }]);
        };
        const besides: Perform = async (action) => {
          await frozen();
          return c.performer()(action);
        };
        expect(await c.carryOut(shardlet, besides)).toEqual(FINISHED);
        for (const dest of [A, B]) expect(await c.move(shardlet, dest, besides)).toEqual(FINISHED);
        expect(j.of(shardlet).length).toBeGreaterThan(10);
        const wrong = [{ seq: 1, ts: 1, frame: frameAt(0, 'never sent') }];
        expect(await c.hosts.get(B)!.ingest(shardlet.id, epoch, wrong)).toMatchObject({ kind: 'stale' });
      },
    );
  });

  describe(`${name}: a copy that differs`, () => {
    scenario('is found and copied again, a record spoilt on its way and one from an edge', async (c, j) => {
      const [shardlet] = (await c.begin(1)) as [Shardlet];
      await j.fill([shardlet], EVENTS);
      await c.prepare(shardlet, B);
      const told: string[] = [];
      let chunks = 0;
      const spoiling: Perform = async (action) => {
        const perform = inSmallChunks(c.performer());
        if (action.kind === 'note' && action.step.what === 'differed') told.push(action.step.detail);
        if (action.kind !== 'ingest') return perform(action);
        const spoilt = action.records.with(0, { ...action.records[0]!, ts: action.records[0]!.ts + 1 });
        if (chunks++ === 0) return perform({ ...action, records: spoilt } as typeof action);
        if (chunks === 3) await perform({ ...action, records: spoilt });
        return perform(action);
      };
      expect(await c.carryOut(shardlet, spoiling)).toEqual(FINISHED);
      expect(told.length).toBeGreaterThanOrEqual(2);
    });

    scenario(
      'because the source is trimmed before any step ends as what the source has left',
      async (c, j) => {
        const shardlets = await c.begin(PLACES);
        await j.fill(shardlets, EVENTS);
        await c.later(2 * (DEDUP_WINDOW_DEFAULT_MICROS + DEDUP_LEAD_MICROS));
        let places = 0;
        for (let reached = true; reached; places++) {
          reached = false;
          const shardlet = shardlets[places]!;
          await c.prepare(shardlet, B);
          let isSealed = false;
          let isInTime = false;
          const perform: Perform = async (action) => {
            if (action.kind === 'seal') isSealed = true;
            return inSmallChunks(c.performer())(action);
          };
          const trim = async () => {
            reached = true;
            await c.hosts.get(A)!.trim(shardlet.id, shardlet.epoch, KEPT_FROM);
            isInTime = !isSealed;
          };
          expect(await c.carryOut(shardlet, standingStillAt(places, perform, trim))).toEqual(FINISHED);
          const { firstSeq, lastSeq } = (await c.hosts.get(B)!.describe(shardlet.id)) as ReplicaDetails;
          expect(lastSeq).toBe(EVENTS);
          // what was compared before the last look may stay in the copy
          expect(isInTime ? [KEPT_FROM] : [1, KEPT_FROM]).toContain(firstSeq);
          j.of(shardlet).splice(0, firstSeq - 1);
        }
        expect(places).toBeGreaterThan(12);
      },
    );
  });

  describe(`${name}: a retry`, () => {
    scenario(
      'of an event whose answer was lost before a split is known to the child that has moved',
      async (c, j) => {
        const [shardlet] = (await c.begin(1)) as [Shardlet];
        await j.fill([shardlet], 5);
        const { host, proxy } = await c.line(A);
        proxy.cutAtPiece('toClient', 1);
        await expect(c.appendBy(host, shardlet, 'unanswered')).rejects.toMatchObject({
          name: 'HostUnreachable',
        });
        j.of(shardlet).push('unanswered');
        const [child] = (await split(c, shardlet, middleOf(shardlet))) as [Shardlet];
        expect(await c.move(child, B)).toEqual(FINISHED);
        expect(await c.append(c.now(child), 'unanswered')).toMatchObject({
          stored: 0,
          duplicates: [{ shardlet: shardlet.id, seq: 6 }],
        });
        expect(await j.append(child, 'new')).toBe(true);
      },
    );

    scenario(
      'by another edge, of calls whose answers are lost at random, finds each event once',
      async (c, j) => {
        const [shardlet] = (await c.begin(1)) as [Shardlet];
        const { host, proxy } = await c.line(A);
        const random = seededRandom(7);
        let lost = 0;
        for (let i = 0; i < 60; i++) {
          const id = `event-${i}`;
          proxy.cutAtPiece('toClient', random.next() < 0.5 ? 1 : Infinity);
          const reply = await c.appendBy(host, shardlet, id).catch(() => undefined);
          if (reply === undefined) lost++;
          const known = await c.append(shardlet, id);
          if (reply !== undefined) expect(known).toMatchObject({ stored: 0, duplicates: [{ seq: i + 1 }] });
          expect(known).toMatchObject({ kind: 'appended' });
          j.of(shardlet).push(id);
        }
        expect(lost).toBeGreaterThan(10);
        expect(await c.move(shardlet, B)).toEqual(FINISHED);
      },
    );

    for (const aheadSeconds of [30, -30])
      scenario(
        `just inside the window is known on a host whose clock is ${aheadSeconds} s off`,
        async (c, j) => {
          const [shardlet] = (await c.begin(1)) as [Shardlet];
          await c.setAhead(B, aheadSeconds * MICROS_PER_SECOND);
          await j.append(shardlet, 'before the roll');
          const child = await roll(c, shardlet);
          await j.append(child, 'after the roll');
          await c.later(DEDUP_WINDOW_DEFAULT_MICROS / 2);
          expect(await c.move(child, B)).toEqual(FINISHED);
          await c.later(DEDUP_WINDOW_DEFAULT_MICROS / 2 - MICROS_PER_SECOND);
          const known = async (id: string) => await c.append(c.now(child), id);
          expect(await known('before the roll')).toMatchObject({ stored: 0, duplicates: [{ seq: 1 }] });
          expect(await known('after the roll')).toMatchObject({ stored: 0, duplicates: [{ seq: 1 }] });
          expect(await j.append(child, 'new')).toBe(true);
        },
      );

    scenario('of a timed id after its window is refused by the host it has moved to', async (c, j) => {
      const [shardlet] = (await c.begin(1)) as [Shardlet];
      await c.setAhead(B, -30 * MICROS_PER_SECOND);
      const idTimes = [c.clock.nowMicros()];
      const send = (host: EventHost, id: string, times: number[]) =>
        c.appendBy(host, c.now(shardlet), id, { idTimes: times });
      expect(await send(c.hosts.get(A)!, 'timed', idTimes)).toMatchObject({ stored: 1 });
      j.of(shardlet).push('timed');
      expect(await c.move(shardlet, B)).toEqual(FINISHED);
      for (let windows = 0; windows < 3; windows++) {
        await c.later(DEDUP_WINDOW_DEFAULT_MICROS);
        await j.append(shardlet, `window-${windows}`);
      }
      const onB = c.hosts.get(B)!;
      expect(await send(onB, 'timed', idTimes)).toMatchObject({ stored: 0, expired: [0] });
      const ahead = [c.clock.nowMicros() + 2 * DEDUP_LEAD_MICROS];
      expect(await send(onB, 'from the future', ahead)).toMatchObject({ stored: 1 });
      j.of(shardlet).push('from the future');
    });
  });

  describe(`${name}: a hot key that is split`, () => {
    scenario('keeps the order of a client that hands back its token, and only that', async (c, j) => {
      const [shardlet] = (await c.begin(1, { splitKeys: true })) as [Shardlet];
      const hot = 0x4000_0000;
      const [low, high] = (await split(c, shardlet, { hi: hot, lo: 0x8000_0000 })) as [Shardlet, Shardlet];
      expect(await c.move(high, B)).toEqual(FINISHED);
      await c.setAhead(B, -MICROS_PER_SECOND / 2);
      const send = async (id: string, tokenTs: number) => {
        const frames = frameAt(hot, id);
        const isLow = framePosition(frames).lo < 0x8000_0000;
        const target = c.now(isLow ? low : high);
        const more = { frames, tokenTs, edgeTs: c.clock.nowMicros() };
        const reply = await c.appendBy(c.hosts.get(target.owner)!, target, id, more);
        if (reply.kind !== 'appended') throw new Error(`answered ${reply.kind}`);
        j.of(target).push(id);
        return { ts: reply.firstTs, owner: target.owner };
      };
      const sent: { ts: number; owner: number }[] = [];
      for (let i = 0; i < 30; i++) sent.push(await send(`with-${i}`, sent.at(-1)?.ts ?? 0));
      expect(new Set(sent.map(({ owner }) => owner))).toEqual(new Set([A, B]));
      const times = sent.map(({ ts }) => ts);
      expect(times.toSorted((a, b) => a - b)).toEqual(times);
      expect(new Set(times).size).toBe(times.length);
    });
  });
}
