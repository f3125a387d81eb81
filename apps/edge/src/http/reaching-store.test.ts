import { expect, it } from 'vitest';
import { answeredInTime, isStoreAway, reachingStore } from './reaching-store.ts';

const thrown = (name: string) => Promise.reject(Object.assign(new Error('words'), { name }));

it('waits no longer than it is told to, and tells that the store is away', async () => {
  const late = await answeredInTime(new Promise(() => {}), 5).catch((error: unknown) => error);
  expect(isStoreAway(late)).toBe(true);
  expect(await answeredInTime(Promise.resolve(7), 5)).toBe(7);
});

it('answers 503 for a store that is away, and leaves everything else as it is', async () => {
  const away = reachingStore('hints are kept', () => thrown('DatabaseUnreachable'));
  await expect(away).rejects.toMatchObject({
    ...{ code: 'store_unreachable', retryAfterSeconds: 5 },
    message: 'PostgreSQL does not answer, where hints are kept.',
  });
  await expect(reachingStore('x', () => thrown('TypeError'))).rejects.toMatchObject({ name: 'TypeError' });
  expect([null, undefined, new Error('x')].map(isStoreAway)).toEqual([false, false, false]);
});
