import { describe, expect, it } from 'vitest';
import { compare } from './compare.ts';
import { replica, shardlet, silent, survey, topologyOf, VERSION } from './world.fixture.ts';

const T = topologyOf([shardlet(1)]);
const SOUND = [survey(1, [replica(1, 1, 'open')]), survey(2, [])];
const ended = { successors: [2], finalSeq: 5, finalTs: 1_000 };

const kinds = (...given: Parameters<typeof compare>) =>
  compare(...given).discrepancies.map(({ kind, host }) => `${kind} at ${host}`);

describe('a restored topology store is safe', () => {
  it('when every host holds what it says and nothing younger', () => {
    expect(kinds(T, SOUND)).toEqual([]);
  });

  it('beside tombstones of its own time, and floors up to the version that it makes next', () => {
    const [first] = SOUND;
    expect(kinds(T, [first!, survey(2, [replica(2, 9, 'dropped', VERSION)], VERSION + 1)])).toEqual([]);
  });

  it.each([
    ['a move', { kind: 'moving', dest: 2, nextEpoch: 15 }, replica(2, 1, 'shadow', 15)],
    [
      'the move of a closed one',
      { kind: 'closedMoving', dest: 2, nextEpoch: 15, ...ended },
      replica(2, 1, 'ready', 15),
    ],
    [
      'the end of a move',
      { kind: 'opening', job: { kind: 'migrate', source: 2, sourceEpoch: 8, finalSeq: 5 } },
      replica(2, 1, 'sealed', 8),
    ],
    [
      'a raise, which may not have reached its host',
      { kind: 'opening', job: { kind: 'raise' } },
      replica(1, 1, 'sealed', 7),
    ],
    ['a closing', { kind: 'closing', successors: [2] }, replica(1, 1, 'sealed')],
  ] as const)('when other replicas are explained by %s', (_, state, found) => {
    const topology = topologyOf([shardlet(1, { state: state as never })]);
    const own = replica(1, 1, state.kind === 'moving' ? 'open' : 'sealed');
    const hosts = [survey(1, found.host === 1 ? [found] : [own]), survey(2, found.host === 2 ? [found] : [])];
    expect(kinds(topology, hosts)).toEqual([]);
  });

  it('when a replica is listed as garbage', () => {
    const garbage = [{ host: 2, shardlet: 1, epoch: 8, since: 0 }];
    const hosts = [SOUND[0]!, survey(2, [replica(2, 1, 'sealed', 8)])];
    expect(kinds(topologyOf([shardlet(1)], garbage), hosts)).toEqual([]);
    expect(kinds(T, hosts)).toEqual(['unexplained at 2']);
  });
});

describe('a restored topology store is not safe', () => {
  it('when a host does not answer', () => {
    expect(kinds(T, [SOUND[0]!, silent(2)])).toEqual(['silent at 2']);
  });

  it.each(['open', 'sealed', 'ready', 'shadow', 'dropped'] as const)(
    'when a host has a younger replica: %s',
    (mode) => {
      const hosts = [SOUND[0]!, survey(2, [replica(2, 7, mode, VERSION + 1)])];
      expect(kinds(T, hosts)).toEqual(['younger at 2']);
    },
  );

  it('when a host was told of a later version, though nothing on it is younger', () => {
    expect(kinds(T, [SOUND[0]!, survey(2, [], VERSION + 2)])).toEqual(['floor at 2']);
  });

  it.each([
    ['is missing', []],
    ['is sealed', [replica(1, 1, 'sealed')]],
    ['is open at another epoch', [replica(1, 1, 'open', 9)]],
  ])('when what the topology store calls open %s on its host', (_, replicas) => {
    expect(kinds(T, [survey(1, replicas), survey(2, [])])).toContain('notOpen at 1');
  });

  it('when what the topology store calls gone is there', () => {
    const topology = topologyOf([shardlet(1, { state: { kind: 'gone', ...ended } }), shardlet(2)]);
    const hosts = [survey(1, [replica(1, 2, 'open'), replica(1, 1, 'open', 9)]), survey(2, [])];
    expect(kinds(topology, hosts)).toEqual(['unexplained at 1']);
  });
});

it('tells the highest of everything that anybody has seen', () => {
  const hosts = [survey(1, [replica(1, 1, 'open')], 90), survey(7, [replica(7, 300, 'dropped', 80)])];
  expect(compare(T, hosts)).toMatchObject({
    ...{ highestVersion: 90, highestShardlet: 300, highestStream: 1, highestHost: 7 },
  });
});
