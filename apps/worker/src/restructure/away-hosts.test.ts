import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { AwayHosts } from './away-hosts.ts';

/** What the hosts do when they are asked: answer, fail with a reason, or hang until released. */
function asking(answers: Record<number, () => Promise<void>>, patienceMs = 20) {
  const asked: number[] = [];
  const logged: object[] = [];
  const record = (fields: object) => void logged.push(fields);
  const identity = {
    ...{ hostId: 1, incarnation: 'run', clockMicros: 0, engine: 'redis', version: '8' },
    ...{ progress: { generation: 0, count: 0 }, mark: '', markPromise: 0 },
  };
  const away = new AwayHosts({
    host: async (id) => {
      asked.push(id);
      await answers[id]!();
      return { identify: async () => identity };
    },
    log: { info: record, warn: record } as never,
    patienceMs,
  });
  return { away, asked, logged, answers };
}

const answer = async () => {};
const refuse = (reason: string) => () => Promise.reject(new Error(reason));
const always = () => true;

test('who fails or hangs is away, who answers is not', async () => {
  const { away } = asking({ 1: answer, 2: refuse('refused'), 3: () => new Promise(() => {}) });
  expect(await away.silentAmong(new Set([1, 2, 3]))).toEqual([2, 3]);
  expect([...away.reasons.keys()]).toEqual([2, 3]);
  expect([away.has(1), away.has(2)]).toEqual([false, true]);
  expect(away.reasonOf(2)).toBe('refused');
  expect(away.reasonOf(3)).toBe('no answer within 20 ms');
  expect(away.reasonOf(1)).toBe('');
});

test('who answers at once is not waited for', async () => {
  const { away } = asking({ 1: answer }, 600_000);
  expect(await away.silentAmong(new Set([1]))).toEqual([]);
});

test('a host that hangs is asked one question at a time, and its late answer counts', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { away, asked } = asking({ 1: () => promise });
  await away.silentAmong(new Set([1]));
  await away.askAgain(always);
  expect(asked).toEqual([1]);
  resolve();
  await sleep(1);
  expect(away.has(1)).toBe(false);
});

test('a host that is away is asked again until it answers', async () => {
  const { away, asked, answers, logged } = asking({ 1: refuse('down'), 2: answer });
  away.mark(1, 'a call failed');
  expect(logged).toEqual([{ host: 1, reason: 'a call failed' }]);
  await away.askAgain(always);
  expect([away.reasonOf(1), logged.length]).toEqual(['down', 1]);
  answers[1] = answer;
  await away.askAgain(always);
  expect(away.has(1)).toBe(false);
  expect(logged).toHaveLength(2);
  await away.askAgain(always);
  expect(asked).toEqual([1, 1]);
});

test('a host that has left is forgotten, and not asked', async () => {
  const { away, asked } = asking({ 1: refuse('down') });
  away.mark(1, 'down');
  await away.askAgain((host) => host !== 1);
  expect(away.has(1)).toBe(false);
  expect(asked).toEqual([]);
});
