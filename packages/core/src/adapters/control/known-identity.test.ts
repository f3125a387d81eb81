import { expect, it } from 'vitest';
import { knownIdentity } from './known-identity.ts';

const OWN = { id: 'a', name: 'orders' };

it('is known while PostgreSQL is away, once it was read, and not before', async () => {
  let isAway = true;
  let nowMs = 0;
  const read = async () => {
    if (isAway) throw new Error('away');
    return OWN;
  };
  const known = knownIdentity({ read }, () => nowMs);
  expect(await known()).toBeUndefined();
  isAway = false;
  expect(await known()).toEqual(OWN);
  isAway = true;
  nowMs = 3_600_000;
  expect(await known()).toEqual(OWN);
});

it('is read again after a while, since the name may change, and by one of many who ask', async () => {
  let reads = 0;
  let nowMs = 0;
  const known = knownIdentity({ read: async () => ({ id: 'a', name: `name ${++reads}` }) }, () => nowMs);
  await Promise.all([known(), known(), known()]);
  expect(reads).toBe(1);
  nowMs = 61_000;
  await known();
  expect(await known()).toEqual({ id: 'a', name: 'name 2' });
});
