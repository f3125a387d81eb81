/** When an edge claims that a host went back, and how long it refuses the host for it. */
import { MemoryHostProofs } from '@foreshard/core/adapters/memory';
import { ProgressWatch } from '@foreshard/core/hosts';
import { type Host, NO_FACTS } from '@foreshard/core/topology';
import { beforeEach, expect, test } from 'vitest';
import { HostClaims, LastAcknowledged } from './index.ts';

const ME = { host: 1, claimant: 'edge-1' };
const HOST: Host = {
  ...{ id: 1, name: 'a', engine: 'redis', url: 'redis://a', incarnation: 'run', generation: 0 },
  ...{ durability: 'always', state: 'active', ...NO_FACTS },
};

let proofs: MemoryHostProofs;
let watch: ProgressWatch;
let host: Host;
let wallMs: number;
let monotonicMs: number;
let reports: string[];
let acknowledged: LastAcknowledged;
let claims: HostClaims;

beforeEach(() => {
  proofs = new MemoryHostProofs();
  host = HOST;
  wallMs = 1_000_000;
  monotonicMs = 50;
  reports = [];
  acknowledged = new LastAcknowledged();
  watch = wentBack();
  claims = claimsOver(proofs);
});

function claimsOver(store: Pick<MemoryHostProofs, 'claim' | 'verdict'>): HostClaims {
  return new HostClaims({
    hosts: () => [host],
    watch: () => watch,
    acknowledged,
    proofs: store,
    claimant: 'edge-1',
    nowMs: () => wallMs,
    monotonicMs: () => monotonicMs,
    usedAgain: (id) => reports.push(`${id} used again`),
    observer: {
      regressed: ({ name }, { seen, answered }) => reports.push(`${name} ${seen} ${answered}`),
      unanswered: ({ name }) => reports.push(`${name} unanswered`),
    },
  });
}

function wentBack(generation = 0): ProgressWatch {
  const back = new ProgressWatch(generation, 100);
  expect(() => back.judge(back.seen, { generation, count: 90 })).toThrow(/from change 100 to 90/);
  return back;
}

/** A look, and whatever it began is ended. */
async function look(): Promise<void> {
  claims.look();
  await new Promise((resolve) => setImmediate(resolve));
}

function pass(ms: number): void {
  wallMs += ms;
  monotonicMs += ms;
}

test('a host that goes on claims nothing', async () => {
  watch = new ProgressWatch(0, 100);
  await look();
  expect(await proofs.claims()).toEqual([]);
  expect([claims.open, reports]).toEqual([0, []]);
});

test('a claim tells what was seen, and the last event that the host acknowledged', async () => {
  acknowledged.note(1, 7, 3, 40, 900);
  acknowledged.note(2, 9, 3, 99, 999);
  acknowledged.note(1, 8, 4, 41, 901);
  await look();
  await look();
  expect(await proofs.claims()).toEqual([
    {
      ...{ ...ME, generation: 0, seen: 100, answered: 90, atMs: 1_000_000 },
      acknowledged: { shardlet: 8, epoch: 4, seq: 41, ts: 901 },
    },
  ]);
  expect([claims.open, reports]).toEqual([1, ['a 100 90']]);
});

test('an event that was acknowledged before a loss was accepted proves nothing', async () => {
  watch = wentBack(5);
  acknowledged.note(1, 7, 4, 40, 900);
  expect(acknowledged.of(1, 5)).toBeUndefined();
  acknowledged.note(1, 7, 5, 40, 900);
  expect(acknowledged.of(1, 5)).toEqual({ shardlet: 7, epoch: 5, seq: 40, ts: 900 });
});

test('a claim that was denied lets the host be used again, and the next one is another', async () => {
  await look();
  await proofs.answer(ME, 'denied');
  await look();
  expect([watch.regression, claims.open]).toEqual([undefined, 0]);
  expect(reports).toEqual(['a 100 90', '1 used again']);
  watch = wentBack();
  await look();
  expect(await proofs.verdict(ME)).toBeUndefined();
  expect(reports).toEqual(['a 100 90', '1 used again', 'a 100 90']);
});

test('a claim that was confirmed keeps the host refused until the map lets it be used again', async () => {
  await look();
  await proofs.answer(ME, 'confirmed');
  await look();
  await look();
  expect([claims.open, watch.regression !== undefined]).toEqual([0, true]);
  host = { ...HOST, state: 'readmitting' };
  for (let i = 0; i < 20; i++) {
    pass(1_000);
    await look();
  }
  expect(watch.regression).toBeDefined();
  host = HOST;
  await look();
  expect(watch.regression).toBeUndefined();
  expect(reports).toEqual(['a 100 90']);
});

test('a host in its next generation is not what the claim was about', async () => {
  await look();
  const first = watch;
  watch = new ProgressWatch(9);
  await look();
  expect([claims.open, first.regression !== undefined]).toEqual([0, true]);
  watch = wentBack(9);
  await look();
  watch = wentBack(9);
  await look();
  expect(reports).toHaveLength(3);
  expect((await proofs.claims())[0]?.generation).toBe(9);
});

test('a host that is being readmitted is not used, so nothing runs out meanwhile', async () => {
  host = { ...HOST, state: 'readmitting' };
  await look();
  pass(60_000);
  await look();
  expect(watch.regression).toBeDefined();
  host = HOST;
  pass(4_999);
  await look();
  expect(watch.regression).toBeDefined();
  pass(1);
  await look();
  expect(reports).toEqual(['a 100 90', '1 used again', 'a unanswered']);
});

test.each([
  ['wall', () => (wallMs += 5_000), () => (wallMs += 4_999)],
  ['monotonic', () => (monotonicMs += 5_000), () => (monotonicMs += 4_999)],
])('without an answer for 5 s of the %s clock the host is used again', async (_, late, almost) => {
  await look();
  const [wall, monotonic] = [wallMs, monotonicMs];
  almost();
  await look();
  expect(watch.regression).toBeDefined();
  [wallMs, monotonicMs] = [wall, monotonic];
  late();
  await look();
  expect([watch.regression, claims.open]).toEqual([undefined, 0]);
  expect(reports).toEqual(['a 100 90', '1 used again', 'a unanswered']);
});

test('a topology store that hangs delays nothing, and its late answer says nothing', async () => {
  const answers: ((verdict: 'denied') => void)[] = [];
  const verdict = () => new Promise<'denied'>((resolve) => answers.push(resolve));
  const hanging = { claim: async () => {}, verdict };
  claims = claimsOver(hanging);
  await look();
  pass(5_000);
  await look();
  expect(watch.regression).toBeUndefined();
  watch = wentBack();
  await look();
  answers[0]!('denied');
  await look();
  expect(answers).toHaveLength(2);
  expect([claims.open, watch.regression !== undefined]).toEqual([1, true]);
});

test('a store that fails is asked again, and a claim that was removed is made again', async () => {
  let fails = true;
  claims = claimsOver({
    claim: async (claim) => (fails ? Promise.reject(new Error('away')) : proofs.claim(claim)),
    verdict: (claim) => proofs.verdict(claim),
  });
  await look();
  expect(await proofs.claims()).toEqual([]);
  fails = false;
  await look();
  expect(await proofs.claims()).toHaveLength(1);
  proofs = new MemoryHostProofs();
  await look();
  await look();
  expect(await proofs.claims()).toHaveLength(1);
});
