import { beforeEach, expect, it } from 'vitest';
import { EVENTS_WANTED, type SliceReport, type SliceRow } from '../../anticipating/index.ts';
import { policySchema } from '../../planning/index.ts';
import { type AnticipationStores, anticipationHandlers } from './anticipation.ts';
import { callerNamed } from './caller.fixture.ts';

const SETTINGS = { share: 0.5, slices: 2, memoryBytes: 1, attributes: ['/a'] };
const HITS = { events: 10, hit1: 0.5, hit3: 0.75, frequent1: 0.25, frequent3: 0.5 };
const AT_MS = Date.parse('2026-11-25T00:00:00Z');

let rows: SliceRow[];
let share: number;

beforeEach(() => {
  share = 0.5;
  rows = [slice(1, 0, report(100)), slice(1, 1, report(50)), slice(2, 0, report(7_000))];
});

function slice(stream: number, number: number, of: SliceReport | undefined): SliceRow {
  return { stream, slice: number, settings: SETTINGS, holder: 'w', savedAtMs: AT_MS, report: of };
}

function report(learned: number): SliceReport {
  const counts = { total: learned, types: [], events: [], preceded: [], pairs: [] };
  const sums = { learned, dropped: 1, behind: 2, keys: 3, types: 4 };
  const one = { type: 't', key: `key-${learned}`, shardlet: 5, probability: learned / 1_000 };
  const history = [{ type: 's', timeMs: AT_MS }];
  return {
    ...{ atMs: AT_MS + learned, ...sums, hits: HITS, counts },
    expected: [{ ...one, expectedAtMs: AT_MS, history }],
    shardlets: [{ type: 't', shardlet: 5, events: 0.5, keys: 1, nextAtMs: null }],
  };
}

const stores = {
  slices: { list: async () => rows },
  policies: { at: async () => ({ policy: policySchema.parse({ anticipation: { sample_share: share } }) }) },
  topology: { snapshot: async () => ({ streams: [{ id: 1, name: 'main' }] }) },
  nowMs: () => AT_MS,
} as unknown as AnticipationStores;
const ask = anticipationHandlers(stores);
const caller = callerNamed('ada');

it('sums up the slices of the stream alone, and says what is missing', async () => {
  const status = await ask.status({ stream: 'main' }, caller);
  expect(status).toMatchObject({
    ...{ isOn: true, isLearned: true, sampleShare: 0.5, attributes: ['/a'], learned: 150 },
    ...{ wanted: EVENTS_WANTED - 150, dropped: 2, behind: 4, hits: { ...HITS, events: 20 } },
    version: AT_MS + 100,
  });
  expect(status.slices[1]).toMatchObject({ slice: 1, holder: 'w', savedAt: '2026-11-25T00:00:00.000Z' });
});

it('says that nothing is learned, before and after', async () => {
  [rows, share] = [[slice(1, 0, undefined)], 0];
  expect(await ask.status({ stream: 'main' }, caller)).toMatchObject({
    ...{ isOn: false, learned: 0, version: 0 },
    slices: [{ reportedAt: null, learned: 0 }],
  });
});

it('gives what is expected by key and by shardlet', async () => {
  const map = await ask.map({ stream: 'main', limit: 20 }, caller);
  expect(map.keys.map(({ key }) => key)).toEqual(['key-100', 'key-50']);
  expect(map.keys[0]).toMatchObject({
    ...{ expectedAt: '2026-11-25T00:00:00.000Z', shardlet: 5 },
    history: [{ type: 's', at: '2026-11-25T00:00:00.000Z' }],
  });
  expect(map.shardlets).toEqual([{ type: 't', shardlet: 5, events: 1, keys: 2, nextAt: null }]);
  expect((await ask.map({ stream: 'main', type: 'u', limit: 20 }, caller)).keys).toEqual([]);
});

it('shows what is announced until its end, whoever wrote it, with its evidence', async () => {
  const figures = {
    ...{ announced: 4, came: 3, falseAlarms: 1, bursts: 6, burstsAnnounced: 3 },
    ...{ precision: 0.75, recall: 0.5, leadMinutes: 20, brier: 0.2 },
  };
  const one = {
    ...{ id: 1, type: 'sold-out', announcedAtMs: AT_MS - 1 },
    source: [0.5, 0.5625],
    target: [0.25, 0.5],
    ...{ expectedAtMs: AT_MS + 5, endsAtMs: AT_MS + 9, cameAtMs: null, probability: 0.7 },
    ...{ eventsPerSecond: 40, minutes: 20, hits: 8, causes: 10, byChance: 0.5 },
  } as const;
  const announced = [one, { ...one, id: 2, endsAtMs: AT_MS }];
  rows = [0, 1].map((number) =>
    slice(1, number, { ...report(10), surges: { announced, figures, links: 2, linksByChance: 0 } }),
  );
  const found = await ask.surges({ stream: 'main' }, caller);
  expect(found).toMatchObject({
    ...{ reserve: 0, kinds: 4, kindsByChance: 0 },
    figures: { ...figures, announced: 8, came: 6, falseAlarms: 2, bursts: 12, burstsAnnounced: 6 },
  });
  expect(found.announced).toHaveLength(2);
  expect(found.announced[0]).toMatchObject({
    ...{ cause: '"sold-out" in keys 0.500 to 0.563', target: { from: 0.25, to: 0.5 }, cameAt: null },
    evidence: { hits: 8, causes: 10, byChance: 0.5 },
  });
  rows = [slice(1, 0, report(10))];
  expect(await ask.surges({ stream: 'main' }, caller)).toMatchObject({ figures: null, announced: [] });
});

it('refuses a stream that is not there', async () => {
  const refused = { code: 'unknown_stream' };
  await expect(ask.status({ stream: 'no' }, caller)).rejects.toMatchObject(refused);
  await expect(ask.map({ stream: 'no', limit: 1 }, caller)).rejects.toMatchObject(refused);
  await expect(ask.matrix({ stream: 'no', types: 1 }, caller)).rejects.toMatchObject(refused);
});
