import { beforeEach, expect, test } from 'vitest';
import { MemoryBlockStore } from '../../adapters/telemetry/index.ts';
import type { InquiryAnswers } from '../../advising/index.ts';
import type { ExternalCluster } from '../../external/index.ts';
import { clusters } from '../clusters.ts';
import { callerNamed } from './caller.fixture.ts';
import { type ClusterStores, clusterHandlers } from './clusters.ts';

const NOW_MS = Date.parse('2026-11-23T12:00:00Z');
const caller = callerNamed('ann');

const legacy: ExternalCluster = {
  ...{ name: 'legacy', number: 1, revision: 3, version: 2, hostsChangedMs: null, webhook: null },
  ...{ problem: null, observedToMs: NOW_MS - 60_000, stepMs: 60_000, shiftMs: 1_500, createdMs: NOW_MS },
  createdBy: 'ben',
  source: {
    url: 'http://u:p@prometheus:9090/?token=canary',
    query: 'q',
    partitionLabel: 'p',
    hostLabel: 'h',
  },
  hosts: [{ number: 1, name: 'a', zone: 'z', eventsPerSecond: 100, bytesPerSecond: null, memoryBytes: null }],
  partitions: [{ number: 1, name: 'p1', host: 'a', bytes: 5, movedMs: NOW_MS, cameFrom: 'b' }],
};
const report = {
  ...{ name: 'legacy', hosts: 1, partitions: 1, rows: 2, known: 0, tooOld: 0, shiftMs: 2_500 },
  ...{ fromMs: NOW_MS, toMs: null, hostsAssumed: 1 },
};

let kept: Map<string, ExternalCluster>;
let isSaved: boolean;
let asked: { name: string; question: unknown }[];
let answer: Partial<InquiryAnswers>;
let abandoned: unknown[][];
let handlers: ReturnType<typeof clusterHandlers>;

beforeEach(() => {
  kept = new Map([['legacy', legacy]]);
  isSaved = true;
  asked = [];
  abandoned = [];
  const stores = {
    clusters: {
      list: async () => [...kept.values()],
      find: async (name: string) => kept.get(name),
      save: async (after: ExternalCluster) => isSaved && kept.set(after.name, after) !== undefined,
      remove: async (name: string) => kept.delete(name),
    },
    blocks: new MemoryBlockStore(),
    recommendations: { abandon: async (...given: unknown[]) => void abandoned.push(given) },
    inquiries: {
      async ask(name: keyof InquiryAnswers, question: unknown) {
        asked.push({ name, question });
        return answer[name];
      },
    },
    notifications: { store: { targets: async () => [{ name: 'runner' }] } },
    wakeClusters: async () => {},
    nowMs: () => NOW_MS,
  };
  handlers = clusterHandlers(stores as unknown as ClusterStores);
});

test('a cluster is listed and shown without what would let others in', async () => {
  const shown = await handlers.show({ name: 'legacy' }, caller);
  expect(shown).toMatchObject({
    ...{ name: 'legacy', version: 2, hostCount: 1, partitionCount: 1, shiftSeconds: 1.5, obstacle: null },
    ...{ observedTo: '2026-11-23T11:59:00.000Z', createdAt: '2026-11-23T12:00:00.000Z', createdBy: 'ben' },
    source: { address: 'http://prometheus:9090/', query: 'q' },
    partitions: [{ name: 'p1', host: 'a', bytes: 5, cameFrom: 'b', movedAt: '2026-11-23T12:00:00.000Z' }],
  });
  expect(shown.hosts[0]).not.toHaveProperty('number');
  const { hosts: _, partitions: __, ...summary } = shown;
  expect(await handlers.list({}, caller)).toEqual({ clusters: [summary] });
  expect(clusters.show.output.parse(shown)).toEqual(shown);
});

test('load is handed to a worker with who gives it', async () => {
  answer = { addCluster: { kind: 'taken', report }, importLoad: { kind: 'taken', report } };
  const order = { load: 'csv', hosts: [], webhook: null, shift: 'auto' } as const;
  const { shiftMs: _, fromMs: __, toMs: ___, ...counts } = report;
  const taken = { ...counts, shiftSeconds: 2.5, from: '2026-11-23T12:00:00.000Z', to: null };
  expect(await handlers.add({ name: 'new', ...order, hosts: [] }, caller)).toEqual(taken);
  const news = { load: 'csv', shift: 'none', replace: true } as const;
  expect(await handlers.importLoad({ name: 'legacy', ...news }, caller)).toEqual(taken);
  expect(asked).toEqual([
    { name: 'addCluster', question: { name: 'new', order, actor: 'ann' } },
    { name: 'importLoad', question: { name: 'legacy', order: news, actor: 'ann' } },
  ]);
});

test('every line that is wrong is named', async () => {
  const faults = [
    { line: 2, detail: 'no time' },
    { line: 4, detail: 'no number' },
  ];
  answer = { importLoad: { kind: 'faulty', faults, more: 3, lines: 4 } };
  const load = { name: 'legacy', load: 'x', shift: 'auto', replace: false } as const;
  await expect(handlers.importLoad(load, caller)).rejects.toMatchObject({
    code: 'invalid_csv',
    message: '4 lines cannot be understood; the first 2 faults are named, 3 more are not. Nothing was taken.',
    places: [
      { pointer: '/load', line: 2, detail: 'no time' },
      { pointer: '/load', line: 4, detail: 'no number' },
    ],
  });
  answer = {
    importLoad: { kind: 'faulty', faults: [{ line: null, detail: 'no header' }], more: 0, lines: 1 },
  };
  await expect(handlers.importLoad(load, caller)).rejects.toMatchObject({
    message: 'The CSV cannot be read: no header.',
    places: [{ pointer: '/load', detail: 'no header' }],
  });
});

test.each([
  [{ kind: 'unknown' }, 'not_found', undefined],
  [{ kind: 'exists' }, 'conflict', undefined],
  [{ kind: 'busy' }, 'conflict', undefined],
  [{ kind: 'refused', what: 'name', detail: 'd' }, 'invalid_parameter', '{name}'],
  [{ kind: 'refused', what: 'prometheus', detail: 'd' }, 'invalid_record', '/prometheus'],
] as const)('a refusal of the worker: %j', async (addCluster, code, pointer) => {
  answer = { addCluster };
  const order = { name: 'new', load: 'x', hosts: [], webhook: null, shift: 'auto' } as const;
  await expect(handlers.add({ ...order, hosts: [] }, caller)).rejects.toMatchObject({ code, pointer });
});

test('what is not named stays as it is', async () => {
  const changed = await handlers.change({ name: 'legacy', webhook: 'runner' }, caller);
  expect([changed.webhook, changed.hosts[0]?.eventsPerSecond]).toEqual(['runner', 100]);
  const host = { name: 'a', zone: 'z', eventsPerSecond: 7, bytesPerSecond: null, memoryBytes: null };
  const again = await handlers.change({ name: 'legacy', hosts: [host] }, caller);
  expect([again.webhook, again.hosts[0]?.eventsPerSecond]).toEqual(['runner', 7]);
});

test('a change is refused for a target or a cluster that is not there, or when somebody was faster', async () => {
  const change = (name: string, webhook: string | null) => handlers.change({ name, webhook }, caller);
  await expect(change('legacy', 'nobody')).rejects.toMatchObject({
    code: 'invalid_record',
    pointer: '/webhook',
  });
  await expect(change('none', null)).rejects.toMatchObject({ code: 'not_found' });
  isSaved = false;
  await expect(change('legacy', null)).rejects.toMatchObject({ code: 'conflict' });
});

test('a cluster goes with what was recommended for it', async () => {
  expect(await handlers.remove({ name: 'legacy' }, caller)).toEqual({ removed: 'legacy' });
  expect(abandoned).toEqual([['legacy', 'ann', expect.any(String), NOW_MS]]);
  await expect(handlers.remove({ name: 'legacy' }, caller)).rejects.toMatchObject({ code: 'not_found' });
  await expect(handlers.show({ name: 'legacy' }, caller)).rejects.toMatchObject({ code: 'not_found' });
});

test('a plan that cannot be made is refused with why', async () => {
  const plan = () => handlers.plan({ name: 'legacy', withState: false }, caller);
  answer = { planCluster: { kind: 'unknown' } };
  await expect(plan()).rejects.toMatchObject({ code: 'not_found' });
  answer = { planCluster: { kind: 'not-planned', detail: 'its load is old' } };
  await expect(plan()).rejects.toMatchObject({
    code: 'in_the_way',
    message: 'legacy is not planned: its load is old.',
  });
});
