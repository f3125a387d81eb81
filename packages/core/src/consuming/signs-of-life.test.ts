import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { GroupService } from './group-service.ts';
import { isRefused } from './membership.ts';
import { ServiceWorld } from './service-world.fixture.ts';

const SESSION_MS = 10_000;
const MEMBERS = 10;
const names = Array.from({ length: MEMBERS }, (_, i) => `m${i}`);

let world: ServiceWorld;
let edge: GroupService;
/** ends all waiting */
let over: AbortController;
/** polls that failed, by member */
let failed: Map<string, string>;

beforeEach(async () => {
  vi.useFakeTimers({ now: 1_000_000 });
  world = new ServiceWorld([1, 1, 1, 1]);
  world.knowHeads();
  edge = world.service();
  over = new AbortController();
  failed = new Map();
  for (const name of ['g', 'h']) await edge.create({ name, stream: 1, sessionMs: SESSION_MS }, 'oldest');
});
afterEach(async () => {
  over.abort();
  await vi.advanceTimersByTimeAsync(10);
  vi.useRealTimers();
});

/** Half of them in each group; one polls again and again until `signal`. */
const groupOf = (member: string) => (Number(member.slice(1)) % 2 === 0 ? 'g' : 'h');
async function wait(member: string, signal = over.signal): Promise<void> {
  let version: number | undefined;
  while (!signal.aborted) {
    const request = { member, subject: 's', limit: 10, after: new Map(), waitMs: 5_000, signal, version };
    const reply = await edge.poll(groupOf(member), request).catch((error: Error) => error);
    if (reply instanceof Error) return void failed.set(member, reply.message);
    if (!isRefused(reply)) version = reply.version;
  }
}

/** One after the other, so that their signs are due at different times. */
async function allWait(): Promise<void> {
  for (const name of names) {
    void wait(name);
    await vi.advanceTimersByTimeAsync(97);
  }
  await vi.advanceTimersByTimeAsync(5_000);
}

const seenAgoMs = async (member: string) => {
  const { members } = (await world.store.find(groupOf(member)))!.state;
  return Date.now() - (members.find(({ id }) => id === member)?.seenAtMs ?? Number.NEGATIVE_INFINITY);
};

it('come together, of all members of all groups, and nobody is silent for longer than a second', async () => {
  await allWait();
  const before = world.calls.touch!;
  const silences: number[] = [];
  for (let seconds = 0; seconds < 20; seconds++) {
    await vi.advanceTimersByTimeAsync(1_000);
    for (const name of names) silences.push(await seenAgoMs(name));
  }
  expect(Math.max(...silences)).toBeLessThanOrEqual(1_100);
  // ten of them would send 200; each poll begins with one of its own, which takes the others along
  expect(world.calls.touch! - before).toBeLessThanOrEqual(65);
});

it('are given for nobody who no longer waits', async () => {
  const gone = new AbortController();
  void wait('m0', gone.signal);
  await allWait();
  gone.abort();
  over.abort();
  await vi.advanceTimersByTimeAsync(10);
  over = new AbortController();
  for (const name of names.slice(1)) void wait(name);
  await vi.advanceTimersByTimeAsync(SESSION_MS + 2_000);
  const { members } = (await world.store.find('g'))!.state;
  expect(members.map(({ id }) => id)).toEqual(['m2', 'm4', 'm6', 'm8']);
});

it('tell each of them of a change that another process has made, whoever gave the sign', async () => {
  void wait('m0');
  void wait('m1');
  await vi.advanceTimersByTimeAsync(3_000);
  const other = world.service();
  for (let round = 0; round < 6; round++)
    for (const member of ['m0', 'm1']) {
      const group = groupOf(member);
      await other.poll(group, { member: `new-${round}`, subject: 's', limit: 1, after: new Map() });
      await vi.advanceTimersByTimeAsync(1_100);
      const { version } = (await world.store.find(group))!.state;
      const loads = world.calls.find!;
      await edge.poll(group, { member, subject: 's', limit: 1, after: new Map(), version });
      // it was known already: nothing had to be read for this poll
      expect(world.calls.find).toBe(loads);
    }
});

it('that fail have failed for all who were taken along', async () => {
  await allWait();
  const touch = vi.spyOn(world.store, 'touch').mockRejectedValue(new Error('the store is away'));
  await vi.advanceTimersByTimeAsync(1_100);
  expect([...failed.keys()].sort()).toEqual(names);
  // who polled at that moment asked for itself
  expect(touch.mock.calls.length).toBeLessThan(MEMBERS / 2);
  touch.mockRestore();
  failed.clear();
  for (const name of names) void wait(name);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(failed.size).toBe(0);
});
