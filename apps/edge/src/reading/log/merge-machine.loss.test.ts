/** A host that went back to an older state, as one reader of one or two shardlets sees it. */

import { HostTables } from '@foreshard/core/heads';
import type { ReplicaInfo } from '@foreshard/core/hosts';
import { slices, WHOLE } from '@foreshard/core/keyspace';
import {
  type Change,
  changeSchema,
  type Host,
  NO_FACTS,
  type Shardlet,
  TopologyMap,
} from '@foreshard/core/topology';
import { beforeEach, describe, expect, it } from 'vitest';
import { endOf, type LogPosition, OLDEST } from './log-position.ts';
import { MergeMachine } from './merge-machine.ts';

const STREAM = {
  ...{ id: 1, name: 'main', shardCount: 1, splitKeys: false, dedupWindowMs: 900_000 },
  ...{ retentionMs: null, retentionBytes: null },
};
const HOST: Host = {
  ...{ id: 1, name: 'h1', engine: 'redis', url: 'redis://h1', incarnation: 'memory', generation: 0 },
  ...{ durability: 'always', state: 'active', ...NO_FACTS },
};
const frame = new Uint8Array(32);
const AFTER: LogPosition = { ts: 40, shardlet: 1, seq: 9 };

let topology: TopologyMap;
let tables: HostTables;
let changes: number;

beforeEach(() => {
  changes = 0;
  const shardlets = slices(WHOLE, 2).map((range, i): Shardlet => {
    const place = { id: i + 1, stream: 1, shard: i, range, owner: i + 1, epoch: 5 };
    return { ...place, state: { kind: 'open' }, parents: [], lost: [] };
  });
  topology = new TopologyMap({
    ...{ version: 10, streams: [STREAM], garbage: [] },
    ...{ hosts: [HOST, { ...HOST, id: 2, name: 'h2' }], shardlets },
  });
  tables = new HostTables();
});

function reader(after: LogPosition, version: number): MergeMachine {
  return new MergeMachine(topology, tables, { stream: 1, after, version });
}

function decide(id: number, state: Partial<Shardlet>, machine?: MergeMachine): void {
  const shardlets = [{ ...topology.shardlet(id)!, ...state }];
  const fixed = { version: topology.version + 1, at: 0, decision: 'test', actor: 'test' };
  const change: Change = { ...changeSchema.parse(fixed), shardlets };
  topology.apply(change);
  machine?.topologyChanged(change.shardlets);
}

/** Answers a question to the host of a shardlet. */
function show(machine: MergeMachine, id: number, hostLast: number, info?: Partial<ReplicaInfo>): void {
  const whole = { shardlet: id, epoch: 5, mode: 'open', firstSeq: 1, lastSeq: 0, ...info } as const;
  const changed = info === undefined ? [] : [whole];
  tables.apply(id, { hostLast, changed, since: ++changes });
  machine.frontier(id, hostLast, changed);
}

const record = (seq: number, ts: number) => ({ seq, ts, frame });
const seqsOf = (machine: MergeMachine) =>
  machine.take({ limit: 100 }).map(({ shardlet, seq }) => [shardlet, seq]);

describe('a host that went back and is used again, although nobody names what it lost', () => {
  it('makes who has read ahead of it begin anew, by time', () => {
    const machine = reader(AFTER, 10);
    show(machine, 1, 45, { lastSeq: 11 });
    expect(machine.requests()).toEqual([
      { kind: 'read', shardlet: 1, host: 1, fromSeq: 10, maxRecords: expect.any(Number) },
    ]);
    machine.read(1, { records: [record(10, 50), record(11, 51)], nextSeq: 12 });
    machine.hostWentBack(1);
    expect(machine.mustRestart).toBe(false);
    machine.readAnew();
    expect([machine.mustRestart, machine.restartFrom]).toEqual([true, AFTER]);
    tables.forget(1);
    const next = new MergeMachine(topology, tables, { stream: 1, after: AFTER, version: 10, byTime: true });
    show(next, 1, 60, { lastSeq: 10 });
    expect(next.requests()).toEqual([{ kind: 'seek', shardlet: 1, host: 1, ts: 40 }]);
  });

  it('does so too when what was read of it has moved to another host since', () => {
    const machine = reader(AFTER, 10);
    decide(1, { owner: 2, epoch: 20 }, machine);
    machine.readAnew();
    expect([machine.mustRestart, machine.restartFrom]).toEqual([true, AFTER]);
  });
});

describe('a host that went back, where nobody has named what it lost yet', () => {
  const read = (machine: MergeMachine) => {
    show(machine, 1, 45, { lastSeq: 11 });
    machine.requests();
    machine.read(1, { records: [record(10, 50), record(11, 51)], nextSeq: 12 });
  };
  const goBack = (machine: MergeMachine) => {
    tables.forget(1);
    machine.hostWentBack(1);
  };

  it.each([
    ['does not while it has less than was read', 10, false],
    ['makes who has read ahead begin anew once it has as much again', 11, true],
  ])('%s', (_, lastSeq, mustRestart) => {
    const machine = reader(AFTER, 10);
    read(machine);
    goBack(machine);
    show(machine, 1, 60, { lastSeq });
    expect([machine.mustRestart, machine.restartFrom]).toEqual([mustRestart, AFTER]);
  });

  it('makes who has read ahead begin anew where the shardlet was moved without it', () => {
    const machine = reader(AFTER, 10);
    read(machine);
    decide(1, { owner: 2, epoch: 20 }, machine);
    expect(machine.mustRestart).toBe(false);
    show(machine, 2, 60, { shardlet: 1, epoch: 20, lastSeq: 10 });
    expect(machine.mustRestart).toBe(true);
  });

  it('does so too when only the host that it was moved from shows it', () => {
    const machine = reader(AFTER, 10);
    read(machine);
    decide(1, { owner: 2, epoch: 20 }, machine);
    goBack(machine);
    expect(machine.mustRestart).toBe(true);
  });

  it('is no host whose shardlet was moved with all that was read', () => {
    const machine = reader(AFTER, 10);
    read(machine);
    decide(1, { owner: 2, epoch: 20 }, machine);
    show(machine, 2, 60, { shardlet: 1, epoch: 20, lastSeq: 11 });
    goBack(machine);
    expect(machine.mustRestart).toBe(false);
  });
});

describe('a loss', () => {
  const lost = [{ epoch: 20, seq: 6 }];

  it('makes who reads begin anew, once, however often its shardlet changes afterwards', () => {
    const machine = reader(AFTER, 10);
    decide(1, { epoch: 20, lost, state: { kind: 'opening', job: { kind: 'raise' } } }, machine);
    expect([machine.mustRestart, machine.restartFrom, machine.isProven]).toEqual([true, AFTER, false]);
    const next = reader(AFTER, 10);
    expect(next.takeLost()).toEqual([{ shardlet: 1, seq: 6, epoch: 20 }]);
    expect(next.takeLost()).toEqual([]);
    decide(1, { state: { kind: 'open' } }, next);
    expect(next.mustRestart).toBe(false);
    decide(1, { epoch: 30, lost: [...lost, { epoch: 30, seq: 8 }] }, next);
    expect(next.mustRestart).toBe(true);
  });

  it('is no news to who read with a newer map, begins, or reads other shardlets only', () => {
    decide(1, { epoch: 20, lost });
    for (const machine of [
      reader(AFTER, 20),
      reader(OLDEST, 0),
      new MergeMachine(topology, tables, {
        stream: 1,
        after: AFTER,
        version: 0,
        includes: (s) => s.id === 2,
      }),
    ]) {
      expect(machine.takeLost()).toEqual([]);
      expect(machine.isProven).toBe(true);
      decide(2, { epoch: 21 }, machine);
      decide(1, { epoch: 22 }, machine);
      expect(machine.mustRestart).toBe(false);
    }
  });

  it('of several is told with the least seq, and one that is past retention is not', () => {
    decide(1, {
      epoch: 30,
      lost: [
        { epoch: 8, seq: 1 },
        { epoch: 20, seq: 6 },
        { epoch: 30, seq: 7 },
      ],
    });
    decide(2, { state: { kind: 'gone', successors: [], finalSeq: 9, finalTs: 30 }, lost });
    expect(reader(AFTER, 10).takeLost()).toEqual([{ shardlet: 1, seq: 6, epoch: 30 }]);
    expect(reader(AFTER, 0).takeLost()).toEqual([{ shardlet: 1, seq: 1, epoch: 30 }]);
  });

  describe('whose reader comes back', () => {
    let machine: MergeMachine;
    beforeEach(() => {
      decide(1, { epoch: 20, lost });
      machine = reader(AFTER, 10);
      show(machine, 2, 60, { lastSeq: 2 });
      expect(machine.requests()).toEqual([{ kind: 'seek', shardlet: 2, host: 2, ts: 39 }]);
      machine.found(2, 2);
      machine.requests();
      machine.read(2, { records: [record(2, 50)], nextSeq: 3 });
    });

    it('begins after what is left, not after the number that was read', () => {
      show(machine, 1, 60, { epoch: 20, lastSeq: 12 });
      expect(machine.requests()).toEqual([{ kind: 'seek', shardlet: 1, host: 1, ts: 40 }]);
      expect([machine.bound, machine.isProven]).toEqual([0, false]);
      machine.found(1, 9);
      expect(machine.requests()).toMatchObject([{ kind: 'read', fromSeq: 7 }]);
    });

    it('begins at its own place where that is before the loss', () => {
      show(machine, 1, 60, { epoch: 20, lastSeq: 12 });
      machine.requests();
      machine.found(1, 4);
      expect(machine.requests()).toMatchObject([{ kind: 'read', fromSeq: 3 }]);
    });

    it('gives out nothing until the host can give nothing at or below its place any more', () => {
      show(machine, 1, 39, { epoch: 20, lastSeq: 6 });
      machine.requests();
      machine.found(1, 7);
      machine.requests();
      machine.read(1, { records: [record(6, 30)], nextSeq: 7 });
      expect([seqsOf(machine), machine.isProven]).toEqual([[], false]);
      show(machine, 1, 40);
      expect([seqsOf(machine), machine.isProven]).toEqual([[], true]);
      show(machine, 1, 60);
      expect(seqsOf(machine)).toEqual([[2, 2]]);
    });

    it('goes back before what the host gives at or below its place', () => {
      show(machine, 1, 60, { epoch: 20, lastSeq: 8 });
      machine.requests();
      machine.found(1, 7);
      machine.requests();
      machine.read(1, { records: [record(6, 30), record(7, 40), record(8, 41)], nextSeq: 9 });
      expect([machine.mustRestart, machine.restartFrom]).toEqual([true, endOf(39)]);
      expect(machine.isProven).toBe(false);
      const next = reader(machine.restartFrom, 10);
      show(next, 2, 60, { lastSeq: 2 });
      show(next, 1, 60, { epoch: 20, lastSeq: 8 });
      next.requests();
      next.found(2, 2);
      next.found(1, 7);
      next.requests();
      next.read(2, { records: [record(2, 50)], nextSeq: 3 });
      next.read(1, { records: [record(6, 30), record(7, 40), record(8, 41)], nextSeq: 9 });
      expect(next.mustRestart).toBe(false);
      expect(seqsOf(next)).toEqual([
        [1, 7],
        [1, 8],
        [2, 2],
      ]);
    });

    it('takes no later record for one that it missed', () => {
      show(machine, 1, 60, { epoch: 20, lastSeq: 7 });
      machine.requests();
      machine.found(1, 7);
      machine.requests();
      machine.read(1, { records: [record(6, 40), record(7, 41)], nextSeq: 8 });
      expect([machine.mustRestart, machine.isProven]).toEqual([false, true]);
      expect(seqsOf(machine)).toEqual([
        [1, 7],
        [2, 2],
      ]);
    });
  });

  it.each([
    ['above the loss may be of another record by now', [{ epoch: 8, seq: 8 }]],
    [
      'above an earlier loss may be, too',
      [
        { epoch: 7, seq: 8 },
        { epoch: 8, seq: 9 },
      ],
    ],
  ])('that the reader knows voids the number of its place: a number %s', (_, known) => {
    decide(1, { lost: known });
    const machine = reader(AFTER, 10);
    show(machine, 1, 60, { lastSeq: 5 });
    show(machine, 2, 60, { lastSeq: 0 });
    expect([machine.takeLost(), machine.isProven]).toEqual([[], true]);
    expect(machine.requests()).toEqual([{ kind: 'seek', shardlet: 1, host: 1, ts: 40 }]);
    expect(machine.bound).toBe(40);
    machine.found(1, 3);
    machine.requests();
    machine.read(1, { records: [record(2, 40), record(3, 41), record(5, 43)], nextSeq: 6 });
    expect(seqsOf(machine)).toEqual([
      [1, 3],
      [1, 5],
    ]);
  });

  it.each([
    ['ends below it, as its host went back unnoticed: it is found by time', 8, { kind: 'seek', ts: 40 }],
    ['ends at it: nothing is left to read', 9, undefined],
    ['ends above it', 10, { kind: 'read', fromSeq: 10 }],
  ])('that nobody noted voids a number where the shardlet %s', (_, finalSeq, request) => {
    decide(1, { state: { kind: 'closed', successors: [], finalSeq, finalTs: 45 } });
    expect(reader(AFTER, 10).requests()).toMatchObject(request === undefined ? [] : [request]);
  });

  it('that the reader knows leaves the number of its place where that was left', () => {
    decide(1, { lost: [{ epoch: 8, seq: 9 }] });
    const machine = reader(AFTER, 10);
    show(machine, 1, 60, { lastSeq: 12 });
    expect(machine.requests()).toMatchObject([{ kind: 'read', shardlet: 1, fromSeq: 10 }]);
  });

  it.each([
    ['has more than what is left', 8, 1],
    ['has no more than what is left', 6, 0],
  ])(
    'of a shardlet that has ended before the reader’s place is looked at where it %s',
    (_, finalSeq, looks) => {
      const state: Shardlet['state'] = { kind: 'closed', successors: [], finalSeq, finalTs: 35 };
      decide(1, { epoch: 20, lost, state });
      const machine = reader(AFTER, 10);
      expect(machine.takeLost()).toHaveLength(1);
      expect(machine.requests()).toHaveLength(looks);
    },
  );

  it.each<[string, Shardlet['state']]>([
    ['has not ended', { kind: 'open' }],
    ['was not read to its end', { kind: 'closed', successors: [3], finalSeq: 9, finalTs: 45 }],
    ['has lost as well', { kind: 'closed', successors: [3], finalSeq: 9, finalTs: 35 }],
  ])('of a child sets the place back also where its parent %s', (_, state) => {
    decide(1, { state, ...(state.kind === 'closed' && state.finalTs < 40 ? { epoch: 20, lost } : {}) });
    const child = { id: 3, parents: [1], epoch: 20, lost: [{ epoch: 20, seq: 0 }] };
    decide(3, { ...topology.shardlet(1)!, ...child, state: { kind: 'open' } });
    const machine = reader(AFTER, 10);
    show(machine, 2, 60);
    show(machine, 1, 60, { shardlet: 3, epoch: 20, lastSeq: 2 });
    expect(machine.requests()).toContainEqual({ kind: 'seek', shardlet: 3, host: 1, ts: 39 });
    machine.found(3, 2);
    expect([machine.bound, machine.isProven]).toEqual([0, false]);
    machine.read(3, { records: [record(1, 37), record(2, 50)], nextSeq: 3 });
    expect([machine.mustRestart, machine.restartFrom]).toEqual([true, endOf(36)]);
  });

  it('of a host that is skipped is never proven, so that what comes late is looked at again', () => {
    decide(1, { epoch: 20, lost });
    const machine = new MergeMachine(topology, tables, {
      ...{ stream: 1, after: AFTER, version: 10, skippedHosts: new Set([1]) },
    });
    show(machine, 1, 60, { epoch: 20, lastSeq: 6 });
    expect([machine.takeLost().length, machine.isProven]).toEqual([1, false]);
  });
});

describe('a host that does not have what the topology store says', () => {
  let machine: MergeMachine;
  beforeEach(() => {
    machine = reader(AFTER, 10);
    show(machine, 2, 60, { lastSeq: 0 });
  });
  const bound = () => [machine.bound >= 60, [...machine.misfits()]];

  it('is named only after it has answered', () => {
    expect(bound()).toEqual([false, []]);
    show(machine, 1, 60);
    expect(bound()).toEqual([false, [1]]);
  });

  it.each([
    ['what was read', { lastSeq: 9 }, [true, []]],
    ['less than what was read', { lastSeq: 8 }, [false, [1]]],
    ['an older epoch', { lastSeq: 9, epoch: 4 }, [false, [1]]],
    ['a newer epoch', { lastSeq: 9, epoch: 6 }, [true, []]],
    ['a sealed replica: the map is old', { lastSeq: 9, mode: 'sealed' }, [false, []]],
  ] as const)('holds the log back and is named: it shows %s', (_, info, expected) => {
    show(machine, 1, 60, info);
    expect(bound()).toEqual(expected);
  });

  it('is not named while the topology store itself waits for it', () => {
    decide(1, { state: { kind: 'opening', job: { kind: 'raise' } } }, machine);
    show(machine, 1, 60);
    expect(bound()).toEqual([false, []]);
  });

  it('is named when it refuses a read, until it answers one', () => {
    show(machine, 1, 60, { lastSeq: 12 });
    machine.requests();
    machine.failed(1);
    expect(bound()).toEqual([false, []]);
    machine.requests();
    machine.failed(1, true);
    expect(bound()).toEqual([false, [1]]);
    machine.requests();
    machine.read(1, { records: [record(10, 70)], nextSeq: 13 });
    expect(bound()[1]).toEqual([]);
  });

  it('is named after it went back, however far it is ahead in time', () => {
    show(machine, 1, 60, { lastSeq: 12 });
    machine.requests();
    machine.read(1, { records: [record(12, 55)], nextSeq: 13 });
    expect(seqsOf(machine)).toEqual([[1, 12]]);
    tables.forget(1);
    machine.hostWentBack(1);
    show(machine, 1, 90, { lastSeq: 9 });
    show(machine, 2, 90);
    expect([machine.bound, [...machine.misfits()]]).toEqual([60, [1]]);
    show(machine, 1, 90, { lastSeq: 12 });
    expect([machine.bound, [...machine.misfits()]]).toEqual([90, []]);
  });
});
