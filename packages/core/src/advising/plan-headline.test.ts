import { describe, expect, it } from 'vitest';
import type { Recommendation } from '../planning/index.ts';
import { headlineOf } from './plan-headline.ts';

type Part = Parameters<typeof headlineOf>[0][number];

const NOW = Date.parse('2026-11-23T18:00:00Z');
const words = {
  nameOf: (host: string) => `host-${host}`,
  timeOf: (ms: number) => new Date(ms).toISOString().slice(11, 16),
  nowMs: NOW,
};
const part = (
  action: Recommendation['action'],
  phase: Recommendation['phase'],
  source: string | null = '3',
): Part => ({
  ...{ action, phase, source },
});
const move = part('move', 'rebalance');
const focus = { host: '3', before: 4.43, after: 0.79 };

describe('the line of a plan', () => {
  it.each([
    [4, '2026-11-23T20:00:00Z', 'These 4 moves take host-3 from 443 % to 79 % before 20:00'],
    [1, '2026-11-23T20:00:00Z', 'This move takes host-3 from 443 % to 79 % before 20:00'],
    [2, '2026-11-23T17:59:00Z', 'These 2 moves take host-3 from 443 % to 79 %'],
    [2, null, 'These 2 moves take host-3 from 443 % to 79 %'],
  ])('of %i moves with an overload at %s', (count, overloadAt, line) => {
    const parts = Array.from({ length: count }, () => move);
    expect(headlineOf(parts, { focus, overloadAt }, words)).toBe(line);
  });

  it('counts by kind', () => {
    const parts = [part('split', 'split-hot'), part('split', 'split-hot'), move, part('merge', 'merge-cold')];
    const line = headlineOf(parts, { focus, overloadAt: null }, words);
    expect(line).toMatch(/^These 2 splits, 1 move and 1 merge take host-3/);
  });

  it('claims no change where there is none', () => {
    const line = headlineOf([move, move], { focus: { ...focus, after: 4.43 }, overloadAt: null }, words);
    expect(line).not.toContain('443');
  });

  it.each([
    [Array.from({ length: 24 }, () => part('roll', 'split-hot')), 'Start fresh shardlets for 24 full ones'],
    [[part('roll', 'split-hot')], 'Start a fresh shardlet for a full one'],
    [
      [part('move', 'evacuate-drained'), part('move', 'evacuate-drained')],
      'Move 2 shardlets off host-3 (draining)',
    ],
    [[part('move', 'repair-dead-hosts')], 'Give 1 shardlet of host-3 (dead) a new host'],
    [[part('remove-host', 'scale-hosts')], 'Give back host-3: the other hosts have room to spare'],
    [[], 'Nothing is left of this plan'],
  ])('names the purpose where it is not the load of a host (%#)', (parts, line) => {
    expect(headlineOf(parts, { focus: null, overloadAt: null }, words)).toBe(line);
  });

  it('of hosts that are asked for says what they bring', () => {
    const parts = [{ ...part('add-hosts', 'scale-hosts', null), hosts: 49 }];
    const line = headlineOf(parts, { focus: { ...focus, before: 11.91 }, overloadAt: null }, words);
    expect(line).toBe('Add 49 hosts: host-3 from 1191 % to 79 %');
  });
});
