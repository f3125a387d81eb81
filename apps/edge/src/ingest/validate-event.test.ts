import { describe, expect, it } from 'vitest';
import { eventFault, headOf, keyOf } from './validate-event.ts';

const event = { specversion: '1.0', id: '1', source: '/s', type: 't' };

describe('eventFault', () => {
  it('accepts the four required attributes, and any extension and data', () => {
    expect(eventFault(event)).toBeUndefined();
    expect(
      eventFault({ ...event, subject: 'x', partitionkey: 'k', other: 1, data: { id: null } }),
    ).toBeUndefined();
  });

  it.each([
    ['a list', [], ''],
    ['null', null, ''],
    ['a text', 'x', ''],
    ['another version', { ...event, specversion: '0.3' }, '/specversion'],
    ['no version', { ...event, specversion: undefined }, '/specversion'],
    ['no id', { ...event, id: undefined }, '/id'],
    ['an empty id', { ...event, id: '' }, '/id'],
    ['a number as id', { ...event, id: 7 }, '/id'],
    ['no source', { ...event, source: undefined }, '/source'],
    ['no type', { ...event, type: undefined }, '/type'],
    ['null as subject', { ...event, subject: null }, '/subject'],
    ['a number as partitionkey', { ...event, partitionkey: 5 }, '/partitionkey'],
    ['an empty partitionkey', { ...event, partitionkey: '' }, '/partitionkey'],
  ])('names the place of the fault: %s', (_, value, pointer) => {
    expect(eventFault(value)).toMatchObject({ pointer });
  });
});

describe('keyOf', () => {
  it('takes partitionkey, else subject, else source', () => {
    expect(keyOf(headOf({ ...event, subject: 'x', partitionkey: 'k' }))).toBe('k');
    expect(keyOf(headOf({ ...event, subject: 'x' }))).toBe('x');
    expect(keyOf(headOf(event))).toBe('/s');
  });
});
