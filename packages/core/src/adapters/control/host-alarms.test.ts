import { expect, test } from 'vitest';
import { knownHostAlarms } from './host-alarms.ts';

const ALARM = { reason: 'foreign', detail: 'host 1: it holds mark 9.x', sinceMs: 1 };

test('alarms are asked for once a second, and stay known while Redis hangs or fails', async () => {
  let now = 10_000;
  let asked = 0;
  let answer: () => Promise<Record<string, string>> = async () => ({ 1: JSON.stringify(ALARM) });
  const redis = {
    hgetall: () => {
      asked++;
      return answer();
    },
  };
  const alarms = knownHostAlarms(redis as never, () => now);
  const known = new Map([[1, ALARM]]);
  expect(await alarms()).toEqual(known);
  now += 999;
  expect(await alarms()).toEqual(known);
  expect(asked).toBe(1);
  now += 1;
  answer = () => Promise.reject(new Error('away'));
  expect(await alarms()).toEqual(known);
  answer = () => new Promise(() => {});
  expect(await Promise.all([alarms(), alarms()])).toEqual([known, known]);
  expect(asked).toBe(3);
});
