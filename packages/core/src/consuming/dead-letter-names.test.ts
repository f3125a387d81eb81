import fc from 'fast-check';
import { expect, it } from 'vitest';
import { streamNameSchema } from '../topology/index.ts';
import { deadStreamOf, isDeadStream, redriveGroupOf, requireRoomForLetters } from './dead-letter-names.ts';
import { groupNameSchema } from './model.ts';

const groupName = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,62}$/);

it('is readable where a stream can have the name', () => {
  expect(deadStreamOf('billing')).toBe('dead--billing');
  expect(redriveGroupOf('billing')).toBe('billing.redrive');
});

it('is a name that a stream can have, whatever the group is called, and another one for another group', () => {
  fc.assert(
    fc.property(groupName, groupName, (one, other) => {
      expect(streamNameSchema.safeParse(deadStreamOf(one)).success).toBe(true);
      expect(isDeadStream(deadStreamOf(one))).toBe(true);
      expect(deadStreamOf(one) === deadStreamOf(other)).toBe(one === other);
    }),
  );
});

it('is not the name with a hash that another group gets', () => {
  const hashed = deadStreamOf('eu.billing');
  expect(hashed).toMatch(/^dead--eu-billing-[0-9a-f]{16}$/);
  expect(deadStreamOf(hashed.slice('dead--'.length))).not.toBe(hashed);
});

it('leaves room for the name of the group that reads what is re-driven', () => {
  const longest = 'a'.repeat(55);
  expect(() => requireRoomForLetters(longest)).not.toThrow();
  expect(groupNameSchema.safeParse(redriveGroupOf(longest)).success).toBe(true);
  expect(() => requireRoomForLetters(`${longest}a`)).toThrow('at most 55 characters');
});
