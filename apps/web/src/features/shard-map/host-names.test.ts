import { describe, expect, it } from 'vitest';
import { commonPrefix, shortName } from './host-names.ts';

describe('names of hosts where room is short', () => {
  it.each([
    [['host-1', 'host-12', 'host-2'], 'host-'],
    [['eu.west-1', 'eu.west-2'], 'eu.west-'],
    // the numbers begin alike, but are cut nowhere
    [['a-10', 'a-12'], 'a-'],
    [['redis', 'postgres'], ''],
    [['host-1'], ''],
    [[], ''],
    [['x-', 'x-'], 'x-'],
  ])('%j share %j', (names, prefix) => {
    expect(commonPrefix(names)).toBe(prefix);
  });

  it('leaves out what all share only where the whole name does not fit', () => {
    expect(shortName('host-123', 'host-', 44, 'narrow')).toBe('host-123');
    expect(shortName('host-123', 'host-', 43, 'narrow')).toBe('…123');
    expect(shortName('host-123', 'host-', 55, 'wide')).toBe('…123');
    expect(shortName('host-123', 'host-', 56, 'wide')).toBe('host-123');
    expect(shortName('postgres', '', 10, 'narrow')).toBe('postgres');
  });
});
