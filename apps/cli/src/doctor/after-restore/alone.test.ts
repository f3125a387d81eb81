/** When a T may take hosts over from another control plane, and what it takes over. */
import type { HostProof } from '@foreshard/core/hosts';
import { describe, expect, test } from 'vitest';
import { isUsedByAnother, renewedHosts, standingsOf, takingOver } from './alone.ts';
import { shardlet, silent, survey, topologyOf } from './world.fixture.ts';

const { hosts } = topologyOf([shardlet(1)]);
const PROOF: HostProof = {
  host: 1,
  held: '4.a',
  next: '5.a',
  generation: 0,
  count: 10,
  promise: 500,
  earlier: [],
  writers: [],
};

function marked(host: number, mark: string, count = 20, generation = 0) {
  return { ...survey(host, []), mark, generation, progress: { generation, count } };
}

const identity = (mark: string, count = 20, generation = 0) => ({
  ...{ mark, markPromise: 900, progress: { generation, count } },
});

describe('another control plane is alive on a host', () => {
  test.each([
    ['whose mark stays', '7.b', '7.b', false],
    ['that gets a mark of nobody here', '7.b', '8.b', true],
    ['that this T gave its mark', '4.a', '5.a', false],
    ['that this T gave the mark before', '3.a', '4.a', false],
  ])('%s: %s -> %s', (_, before, now, expected) => {
    expect(isUsedByAnother({ mark: before }, { mark: now }, PROOF)).toBe(expected);
  });

  test('that was never marked from here', () => {
    expect(isUsedByAnother({ mark: '' }, { mark: '1.b' }, undefined)).toBe(true);
  });
});

describe('taking over', () => {
  const proofs = new Map([[1, PROOF]]);

  test('begins after every mark that either has given, and keeps the higher promise', () => {
    const standings = standingsOf(hosts, [marked(1, '9.b')], proofs);
    const marks = new Map([[1, identity('9.b')]]);
    expect(takingOver(marks, standings, proofs, () => 'r')).toEqual([
      {
        before: PROOF,
        after: {
          host: 1,
          held: '9.b',
          next: '10.r',
          generation: 0,
          count: 20,
          promise: 900,
          earlier: [],
          writers: [],
        },
      },
    ]);
  });

  test('begins after its own mark where that is ahead', () => {
    const ahead = new Map([[1, { ...PROOF, held: '4.a', next: '5.a', promise: 950 }]]);
    const standings = standingsOf(hosts, [marked(1, '4.b')], ahead);
    const [change] = takingOver(new Map([[1, identity('4.b')]]), standings, ahead, () => 'r');
    expect(change?.after).toMatchObject({ next: '6.r', promise: 950 });
  });

  test('leaves alone what is its own, and what went back', () => {
    const surveys = [marked(1, '3.a'), marked(2, '')];
    const marks = new Map([
      [1, identity('3.a')],
      [2, identity('')],
    ]);
    expect(takingOver(marks, standingsOf(hosts, surveys, proofs), proofs)).toEqual([]);
  });

  test('takes a host that joined another control plane meanwhile, and one in a newer generation', () => {
    const surveys = [marked(1, '5.a', 20, 8), marked(2, '1.b'), silent(3)];
    const standings = standingsOf(hosts, surveys, proofs);
    const marks = new Map([
      [1, identity('5.a', 20, 8)],
      [2, identity('1.b')],
    ]);
    const after = takingOver(marks, standings, proofs, () => 'r').map((change) => change.after);
    expect(after).toMatchObject([
      { host: 1, generation: 8 },
      { host: 2, next: '2.r' },
    ]);
    expect(renewedHosts(hosts, surveys).map(({ id, generation }) => [id, generation])).toEqual([[1, 8]]);
  });
});
