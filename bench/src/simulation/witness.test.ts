/** Which losses excuse a missing event: only those of hosts that may have lost something. */
import { WHOLE } from '@foreshard/core/keyspace';
import { Coverage, Schedule } from '@foreshard/core/simulation';
import {
  type Change,
  changeSchema,
  EMPTY_TOPOLOGY,
  type Host,
  NO_FACTS,
  type Shardlet,
  TopologyMap,
} from '@foreshard/core/topology';
import { describe, expect, it } from 'vitest';
import type { DurableHost } from './durable-host.ts';
import { History } from './history.ts';
import { SetBacks } from './set-backs.ts';
import type { TopologyService } from './topology-service.ts';
import { Witness } from './witness.ts';

const HOST: Host = {
  ...{ id: 1, name: 'host-1', engine: 'redis', url: 'redis://host-1', incarnation: 'run-1', generation: 0 },
  ...{ durability: 'always', state: 'readmitting', ...NO_FACTS },
};
const STREAM = {
  ...{ id: 1, name: 'main', shardCount: 1, splitKeys: false, dedupWindowMs: 180_000 },
  ...{ retentionMs: null, retentionBytes: null },
};
const REGRESSED = { detail: 'came back empty', byMarks: true, certainTs: 0, promise: 0 };
const SHARDLET: Shardlet = {
  ...{ id: 1, stream: 1, shard: 0, range: WHOLE, owner: 1, epoch: 2, parents: [], lost: [] },
  state: { kind: 'open' },
};
const LOST = [{ epoch: 5, seq: 0 }];

/** What counts as lost of shardlet 1 after the topology store has named all of it. */
function counted(regressed: object | undefined, isEmptied: boolean): unknown {
  return witnessOf(regressed, isEmptied, { kind: 'open' }).lossesOf(1);
}

function witnessOf(regressed: object | undefined, isEmptied: boolean, state: Shardlet['state']): Witness {
  const readmission =
    regressed && ({ incarnation: 'empty-2', since: 4, before: 'active', regressed } as const);
  const host = { ...HOST, readmission } as Host;
  const truth = new TopologyMap({
    ...EMPTY_TOPOLOGY,
    ...{ version: 4, streams: [STREAM], hosts: [host], shardlets: [SHARDLET] },
  });
  const schedule = new Schedule(0);
  const history = new History(schedule, false);
  const setBacks = new SetBacks(truth, {} as TopologyService, new Coverage());
  const disk = { id: 1, durability: 'always' } as DurableHost;
  if (isEmptied) setBacks.noteEmptied(disk);
  const witness = new Witness({
    ...{ hosts: new Map([[1, disk]]), truth, history, violations: [], setBacks, notesEpochs: true },
  });
  const fixed = { version: 5, at: 0, decision: 'test', actor: 'test' };
  const change: Change = {
    ...changeSchema.parse(fixed),
    shardlets: [{ ...SHARDLET, epoch: 5, lost: LOST, state }],
  };
  witness.decided(change, 'readmitRemnants by worker-1');
  return witness;
}

describe('a loss that the topology store names', () => {
  it('counts when the host had an empty disk and a person has accepted its loss', () => {
    expect(counted({ ...REGRESSED, accepted: 4 }, true)).toEqual(LOST);
  });

  it.each([
    ['nobody has accepted it', REGRESSED, true],
    ['the host was not even suspended', undefined, true],
    ['the host kept its disk', { ...REGRESSED, accepted: 4 }, false],
  ])('does not count when %s', (_, regressed, isEmptied) => {
    expect(counted(regressed, isEmptied)).toEqual([]);
  });
});

it('a shardlet begins anew where the topology store has it created again, and nowhere else', () => {
  const anewAt = (kind: 'recreate' | 'raise') =>
    witnessOf({ ...REGRESSED, accepted: 4 }, false, { kind: 'opening', job: { kind } }).beganAnewAt(1);
  expect([anewAt('recreate'), anewAt('raise')]).toEqual([[5], []]);
});
