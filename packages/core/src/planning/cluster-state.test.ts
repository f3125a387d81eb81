import { expect, it } from 'vitest';
import { clusterStateSchema } from './cluster-state.ts';

const hosts = [
  { id: 'a', capacity: { eventsPerSecond: 1_000 } },
  { id: 'b', capacity: { eventsPerSecond: 1_000 } },
  { id: 'c', capacity: { eventsPerSecond: 1_000 } },
];
const one = { id: '1', host: 'a', load: { eventsPerSecond: 100 } };
const two = { ...one, id: '2' };
const start = '0'.repeat(16);
const quarter = `4${'0'.repeat(15)}`;
const half = `8${'0'.repeat(15)}`;
const end = `1${'0'.repeat(16)}`;

/** Places and words of what is wrong. */
function wrongs(change: object): string[] {
  const state = { version: 1, now: '2026-03-01T17:00:00Z', hosts, shardlets: [one, two], ...change };
  const issues = clusterStateSchema.safeParse(state).error?.issues ?? [];
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

it.each([
  [{ shardlets: [one, one] }, 'shardlets.1.id: "1" is there twice'],
  [{ shardlets: [{ ...one, host: 'd' }] }, 'shardlets.0.host: there is no host "d"'],
  [{ moves: [{ shardlet: '3', from: 'a', to: 'b' }] }, 'moves.0.shardlet: there is no shardlet "3"'],
  [{ moves: [{ shardlet: '1', from: 'a', to: 'a' }] }, 'moves.0.to: is where it comes from'],
  [{ moves: [{ shardlet: '1', from: 'b', to: 'c' }] }, 'moves.0.from: the shardlet lies on "a"'],
  [
    {
      moves: [
        { shardlet: '1', from: 'a', to: 'b' },
        { shardlet: '1', from: 'a', to: 'c' },
      ],
    },
    'moves.1.shardlet: moves already',
  ],
  [{ shardlets: [{ ...one, range: [half, start] }] }, 'shardlets.0.range: is empty or reversed'],
  [
    {
      shardlets: [
        { ...one, range: [quarter, end] },
        { ...two, range: [start, half] },
      ],
    },
    'shardlets.0.range: overlaps that of "2"',
  ],
  [
    {
      shardlets: [
        {
          ...one,
          forecast: [10, 10].map((aheadMinutes) => ({ aheadMinutes, quantiles: { '0.5': 1 } })),
        },
      ],
    },
    'shardlets.0.forecast.1.aheadMinutes: 10 is there twice',
  ],
  [
    { shardlets: [{ ...one, forecast: [{ aheadMinutes: 10, quantiles: { '0.9': 1, '.5': 2 } }] }] },
    'shardlets.0.forecast.0.quantiles: a higher level has a lower value',
  ],
  [
    { shardlets: [{ ...one, lastMovedAt: '2026-03-01T18:01:01+01:00' }] },
    'shardlets.0.lastMovedAt: lies after "now"',
  ],
])('refuses what cannot be, with its place: %#', (change, wrong) => {
  expect(wrongs(change)).toEqual([wrong]);
});

it('takes a move by where it comes from or goes to, and equal ranges of different shards', () => {
  const move = { shardlet: '1', from: 'c', to: 'a' };
  const shardlets = [
    { ...one, range: [start, end] },
    { ...two, shard: 1, range: [start, half] },
    { ...two, id: '3', shard: 1, range: [half, end] },
  ];
  expect(wrongs({ shardlets, moves: [move] })).toEqual([]);
});
