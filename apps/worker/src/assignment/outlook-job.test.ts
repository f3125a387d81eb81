import { MemoryGroupStore } from '@foreshard/core/adapters/memory';
import type { Arrivals, Checkpoint, GroupOutlook, ProgressSample } from '@foreshard/core/consuming';
import { ManualClock } from '@foreshard/core/kernel';
import { END, range, START } from '@foreshard/core/keyspace';
import { EMPTY_TOPOLOGY, type Shardlet, TopologyMap } from '@foreshard/core/topology';
import { beforeEach, expect, it } from 'vitest';
import { OutlookJob, type OutlookParts } from './outlook-job.ts';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const STEP_MS = 300_000;
const MIDDLE = { hi: 2 ** 31, lo: 0 };
const running = new AbortController().signal;

let groups: MemoryGroupStore;
let kept: Map<string, GroupOutlook>;
let lags: (number | undefined)[];
/** of shardlets that nobody has had */
let untouched: number | undefined;
let samples: ProgressSample[];
let arriving: Arrivals | undefined;
let asked: number[];
let parts: OutlookParts;

const flat = (perSecond: number, later = perSecond): Arrivals => {
  const rates = Array.from({ length: 12 }, (_, i) => (i < 3 ? perSecond : later));
  return { from: 'forecast', stepMs: STEP_MS, perSecond: rates };
};
/** As many events a second as this, by so many members, in the last minutes. */
const paced = (perSecond: number, members: number): ProgressSample[] =>
  [4, 3, 2, 1, 0].map((before) => ({
    ...{ atMs: NOW - before * 15_000, processed: 1e6 - before * 15 * perSecond, members },
  }));

beforeEach(async () => {
  groups = new MemoryGroupStore(new ManualClock(NOW * 1_000));
  [kept, lags, samples, asked] = [new Map(), [0, 0], paced(100, 1), []];
  [arriving, untouched] = [flat(100), 0];
  const stream = { id: 1, name: 's', shardCount: 1, splitKeys: false };
  const settings = { retentionMs: null, retentionBytes: null, dedupWindowMs: 900_000 };
  const shardlets = [range(START, MIDDLE), range(MIDDLE, END)].map(
    (own, i): Shardlet => ({
      ...{ id: i + 1, stream: 1, shard: 0, range: own, owner: 1, epoch: 1, state: { kind: 'open' } },
      ...{ parents: [], lost: [] },
    }),
  );
  const map = new TopologyMap({ ...EMPTY_TOPOLOGY, streams: [{ ...stream, ...settings }], shardlets });
  parts = {
    ...{ groups, map: () => map, nowMs: () => NOW },
    service: { lagsOf: async (_, all) => ({ lags: all.map((_, i) => lags[i]), untouched }) },
    progress: { recent: async () => samples },
    outlooks: {
      of: async (group) => kept.get(group),
      all: async () => [...kept.values()],
      keep: async (outlook) => void kept.set(outlook.group, outlook),
    },
    async arrivals(id) {
      asked.push(id);
      return arriving;
    },
  };
  await create('g');
});

async function create(name: string, more: object = {}): Promise<void> {
  const at = (shardlet: number): Checkpoint => {
    return { shardlet, seq: 5, epoch: 1, assignment: 1, member: 'a', revoking: false, skipped: 0 };
  };
  const members = [{ id: 'a', subject: 's', seenAtMs: NOW, commits: 0 }];
  const checkpoints = new Map([1, 2].map((id) => [id, at(id)]));
  await groups.create({ name, stream: 1, sessionMs: 1_000, ...more }, { version: 1, members, checkpoints });
}
const look = async (name = 'g') => {
  await new OutlookJob(parts).run(running);
  return kept.get(name);
};

it('learns what a member processes, and finds that one is enough', async () => {
  expect(await look()).toEqual({
    ...{ group: 'g', memberRate: 100, members: 1, atMs: NOW, wantedNow: 1, wantedAhead: 1 },
    moreFromMs: undefined,
  });
});

it('wants more members from the step on in which more arrives than they process', async () => {
  arriving = flat(100, 190);
  expect(await look()).toMatchObject({ wantedNow: 1, wantedAhead: 2, moreFromMs: NOW + 3 * STEP_MS });
  // no member works on less than a shardlet
  arriving = flat(100, 900);
  expect(await look()).toMatchObject({ wantedAhead: 2 });
});

it('wants more for a backlog, within the time that the group was given for it', async () => {
  lags = [30_000, 30_000];
  expect(await look()).toMatchObject({ wantedNow: 2 });
  kept.clear();
  await groups.remove('g');
  await create('g', { drainMinutes: 1_000 });
  expect(await look()).toMatchObject({ wantedNow: 1 });
});

it('wants more for what nobody has had yet, and knows nothing where its host does not answer', async () => {
  untouched = 60_000;
  expect(await look()).toMatchObject({ wantedNow: 2 });
  untouched = undefined;
  expect((await look())!.wantedNow).toBeUndefined();
});

it('believes a lower rate only while the group is behind', async () => {
  await look();
  samples = paced(50, 1);
  expect((await look())!.memberRate).toBe(100);
  lags = [50_000, -7];
  expect((await look())!.memberRate).toBe(95);
  samples = paced(300, 2);
  expect(await look()).toMatchObject({ memberRate: 122.5, members: 2 });
});

it('knows nothing where a host does not answer, or nothing is expected', async () => {
  lags = [0, undefined];
  const unknown = { wantedNow: undefined, wantedAhead: undefined, moreFromMs: undefined };
  expect(await look()).toMatchObject({ ...unknown, memberRate: 100 });
  [lags, arriving] = [[0, 0], undefined];
  expect(await look()).toMatchObject(unknown);
  // without samples the members that the group has now
  [samples, arriving] = [[], flat(100)];
  kept.clear();
  expect(await look()).toMatchObject({ ...unknown, members: 1, memberRate: undefined });
});

it('asks once for each stream, and passes over what is posted, re-driven or of a stream that is gone', async () => {
  await create('other');
  await create('posted', { push: { url: 'http://127.0.0.1/' } });
  await create('redrive', { redriveOf: 'g' });
  await create('gone', { stream: 2 });
  await look();
  expect([...kept.keys()].sort()).toEqual(['g', 'other']);
  expect(asked).toEqual([1]);
});

it('looks at the other groups when one fails', async () => {
  await create('a');
  const { of } = parts.outlooks;
  const failing = async (group: string) => {
    if (group === 'a') throw new Error('away');
    return of(group);
  };
  parts = { ...parts, outlooks: { ...parts.outlooks, of: failing } };
  await expect(look()).rejects.toThrow('away');
  expect([...kept.keys()]).toEqual(['g']);
});
