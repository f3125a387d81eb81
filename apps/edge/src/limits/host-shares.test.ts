import { expect, it, vi } from 'vitest';
import { HostShares } from './host-shares.ts';

let nowMs = 0;
let limit: { stream: string; eventsPerSecondOfHost: number } | undefined;
const warn = vi.fn();
const shares = () => new HostShares({ limit: async () => limit, nowMs: () => nowMs, warn });
const taken = (of: HostShares, stream: string, host: number, times: number) =>
  Array.from({ length: times }, () => of.take(stream, host)).filter(Boolean).length;

it('lets everything through while there is no limit', async () => {
  limit = undefined;
  const none = shares();
  await none.refresh();
  expect(taken(none, 'demo', 1, 1_000)).toBe(1_000);
});

it('lets each host take its share of the stream in a second, and other streams whatever they have', async () => {
  limit = { stream: 'demo', eventsPerSecondOfHost: 100 };
  const some = shares();
  await some.refresh();
  expect(taken(some, 'demo', 1, 1_000)).toBe(25);
  expect(taken(some, 'demo', 2, 1_000)).toBe(25);
  expect(taken(some, 'main', 1, 1_000)).toBe(1_000);
  let all = 0;
  for (let tick = 0; tick < 10; tick++) {
    nowMs += 100;
    all += taken(some, 'demo', 1, 30);
  }
  expect(all).toBe(100);
});

it('keeps the last limit while the database is away, and lets go of it when it has ended', async () => {
  limit = { stream: 'demo', eventsPerSecondOfHost: 4 };
  const some = shares();
  await some.refresh();
  const away = new HostShares({ limit: () => Promise.reject(new Error('away')), nowMs: () => nowMs, warn });
  await away.refresh();
  expect(warn).toHaveBeenCalledOnce();
  expect(taken(some, 'demo', 1, 5)).toBe(1);
  limit = undefined;
  await some.refresh();
  expect(taken(some, 'demo', 1, 5)).toBe(5);
});
