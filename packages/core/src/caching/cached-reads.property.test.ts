/** Whatever hosts, map and answers do in whatever order: a reply is one that the host could have given. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { framePayload, HostUnreachable } from '../hosts/index.ts';
import { CachedReads } from './cached-reads.ts';
import { HostsWorld, SHARDLET } from './hosts-world.fixture.ts';
import type { Records } from './shard-cache.ts';

const BELIEVED_MS = 2_000;
const BYTES_MAX = 40_000;

/** from the oldest, and from the newest */
const behind = fc.integer({ min: 0, max: 8 });
const step = fc.oneof(
  fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ do: fc.constant('trim' as const), behind }),
  fc.record({ do: fc.constant('move' as const) }),
  fc.record({ do: fc.constant('lose' as const), behind, raised: fc.boolean() }),
  fc.record({ do: fc.constant('setBack' as const), behind }),
  { weight: 3, arbitrary: fc.record({ do: fc.constant('catchUp' as const) }) },
  fc.record({ do: fc.constant('readAnew' as const) }),
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 1_500 }) }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('frontier' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('arrive' as const), which: fc.nat(5) }) },
  {
    weight: 20,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      behind: fc.integer({ min: -2, max: 25 }),
      maxRecords: fc.integer({ min: 1, max: 30 }),
      ofNewest: fc.boolean(),
      isLate: fc.boolean(),
      /** a checkpoint of this epoch: 0 for none */
      epoch: fc.constantFrom(0, 0, 1, 3),
    }),
  },
);

/** The map is behind a move when the new owner, which has lost an event, is used again: the old copy still has that event. */
const readFirst = { do: 'read', behind: 0, maxRecords: 1, ofNewest: false, isLate: false, epoch: 0 } as const;
const usedAgainBehindTheMap = [
  ...([{ do: 'move' }, { do: 'setBack', behind: 1 }, { do: 'frontier' }, readFirst, readFirst] as const),
  ...([{ do: 'readAnew' }, { do: 'arrive', which: 0 }, { do: 'arrive', which: 0 }] as const),
  ...([
    { ...readFirst, behind: 3, maxRecords: 27 },
    { do: 'frontier' },
    readFirst,
    { do: 'catchUp' },
  ] as const),
  { ...readFirst, behind: 5, maxRecords: 25 },
];

test('a reply is one that the host could have given since its last frontier', async () => {
  let hits = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80 }), async (steps) => {
      const world = new HostsWorld();
      const { map, host, frontiers } = world;
      const reads = new CachedReads({ map, host, frontiers, bytesMax: BYTES_MAX });
      world.append(30);
      for (const id of [1, 2]) world.frontier(id);
      const failures: unknown[] = [];
      for (const one of steps) {
        if (one.do === 'append') world.append(one.count);
        if (one.do === 'trim') world.trim(world.firstSeq + one.behind);
        if (one.do === 'move') world.move();
        if (one.do === 'lose') world.lose(world.lastSeq - one.behind, one.raised);
        if (one.do === 'setBack') world.setBack(world.lastSeq - one.behind);
        if (one.do === 'catchUp') world.catchUp();
        if (one.do === 'readAnew') world.readAnew();
        if (one.do === 'wait') world.nowMs += one.ms;
        if (one.do === 'frontier') for (const id of [1, 2]) world.frontier(id);
        if (one.do === 'arrive') world.late.splice(one.which, 1)[0]?.();
        if (one.do === 'read') void read(one).catch((error) => failures.push(error));
        await settle();
        if (one.do === 'read' && !one.isLate) world.late.pop()?.();
        await settle();
        expect(reads.stats.bytes).toBeLessThanOrEqual(BYTES_MAX);
      }
      for (let i = 0; i < 100 && world.late.length > 0; i++) {
        for (const arrive of world.late.splice(0)) arrive();
        await settle();
      }
      if (failures.length > 0) throw failures[0];

      async function read({ behind: ahead, maxRecords, ofNewest, epoch: minEpoch }: Read): Promise<void> {
        const at = ofNewest ? world.owner : map.shardlet(SHARDLET)!.owner;
        const { shrunk, lastSeq, owner } = world;
        const from = Math.max(1, world.firstSeq + ahead);
        const options = { maxRecords, maxBytes: 1_000_000 };
        const asked = { host: at, shardlet: SHARDLET, from, minEpoch, options };
        const reply = await reads.readReplica(asked).catch(ifUnreachable);
        if (reply?.kind !== 'records') return;
        expect(reply.nextSeq).toBe(from + reply.records.length);
        expect(reply.records.map((r) => r.seq)).toEqual(reply.records.map((_, i) => from + i));
        if (reply.atEnd && at === owner && world.shrunk === shrunk)
          expect(reply.lastSeq, 'an end from before the question').toBeGreaterThanOrEqual(lastSeq);
        if (world.answers.has(reply)) return;
        hits++;
        expect(reply.atEnd, 'an end that is not known').toBe(false);
        expect(reply.records.length).toBeGreaterThan(0);
        expect(reply.lastSeq).toBeGreaterThanOrEqual(reply.nextSeq - 1);
        expect(reply.epoch).toBeGreaterThanOrEqual(minEpoch);
        expect(frontiers.answeredWithin(at, BELIEVED_MS), 'not believed').toBe(true);
        expect(from, 'trimmed').toBeGreaterThanOrEqual(frontiers.tables.replica(at)!.firstSeq);
        for (const record of reply.records) {
          const event = eventOf(record);
          expect(event).toBe(record.ts);
          if (!world.couldGive(at, record.seq, event))
            throw new Error(`event ${event} was not at ${record.seq} on host ${at}`);
        }
      }
    }),
    { numRuns: 2_500, examples: [[usedAgainBehindTheMap]] },
  );
  expect(hits).toBeGreaterThan(5_000);
}, 60_000);

interface Read {
  readonly behind: number;
  readonly maxRecords: number;
  readonly ofNewest: boolean;
  readonly epoch: number;
}

function ifUnreachable(error: unknown): undefined {
  if (!(error instanceof HostUnreachable)) throw error;
}

const eventOf = ({ frame }: Records['records'][number]): number =>
  JSON.parse(new TextDecoder().decode(framePayload(frame))).n;

async function settle(): Promise<void> {
  for (let i = 0; i < 6; i++) await Promise.resolve();
}
