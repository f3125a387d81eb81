/** Which losses nobody could see: of a host that goes to one older state, and from there to another. */
import { MemoryHostProofs } from '@foreshard/core/adapters/memory';
import { Coverage } from '@foreshard/core/simulation';
import {
  type Change,
  changeSchema,
  EMPTY_TOPOLOGY,
  type Host,
  NO_FACTS,
  TopologyMap,
} from '@foreshard/core/topology';
import { beforeEach, describe, expect, it } from 'vitest';
import type { DurableHost } from './durable-host.ts';
import { SetBacks } from './set-backs.ts';
import type { TopologyService } from './topology-service.ts';
import type { VirtualProcess } from './virtual-process.ts';

const HOST: Host = {
  ...{ id: 1, name: 'host-1', engine: 'redis', url: 'redis://host-1', incarnation: 'run-1', generation: 0 },
  ...{ durability: 'always', state: 'active', ...NO_FACTS },
};
const [MARKED, STORED] = [{}, {}];
const PLACE = 'c1-1 1/1';

let setBacks: SetBacks;

beforeEach(async () => {
  const proofs = new MemoryHostProofs();
  const proof = { host: 1, held: '2.w-2', next: '2.w-2', writers: ['w'], generation: 0, count: 2 };
  await proofs.replace([{ before: undefined, after: { ...proof, promise: 0, earlier: [] } }]);
  const truth = new TopologyMap({ ...EMPTY_TOPOLOGY, hosts: [HOST] });
  setBacks = new SetBacks(truth, { proofs } as TopologyService, new Coverage());
  const where = { shardlet: 1, epoch: 1, ts: 5, isPastFence: false };
  setBacks.noteStored(PLACE, { id: 1, newest: STORED } as DurableHost, where);
});

/** Without what was stored. */
async function goesTo(mark: string): Promise<void> {
  const identify = async () => ({ progress: { generation: 0, count: 2 }, mark });
  await setBacks.note({ id: 1, made: new Set([MARKED]), memory: { identify } } as unknown as DurableHost);
}

const older = () => goesTo('1.w-1');
const hidden = () => goesTo('2.w-2');

function suspend(): void {
  const regressed = { detail: 'older', byMarks: true, certainTs: 0, promise: 0 };
  const readmission = { incarnation: 'run-1', since: 4, before: 'active', regressed } as const;
  const fixed = { version: 5, at: 0, decision: 'test', actor: 'test' };
  const change: Change = { ...changeSchema.parse(fixed), hosts: [{ ...HOST, readmission }] };
  setBacks.decided(change);
}

const seenBy = (isAlive: boolean) => {
  setBacks.latest(1)!.seenBy.add({ name: 'worker-1', isAlive } as VirtualProcess);
};
const excused = () => setBacks.unnoticed().has(PLACE);

describe('what was lost', () => {
  it('is excused behind no mark, also when the marks show where the host goes to next', async () => {
    await hidden();
    expect([excused(), setBacks.check()]).toEqual([true, []]);
    await older();
    expect([excused(), setBacks.check().length]).toEqual([true, 1]);
  });

  it('is not excused where the marks show it, by whomever', async () => {
    await older();
    expect([excused(), setBacks.check().length]).toEqual([false, 1]);
  });

  it.each([
    ['nobody was answered there', () => {}, true, 0],
    ['a worker that was answered there has died', () => seenBy(false), true, 0],
    ['a worker that was answered there lives', () => seenBy(true), false, 1],
    ['the host was suspended there', suspend, false, 0],
  ])(
    'in a state that the marks show, and the host has left for one that they do not: %s',
    async (_, between, isExcused, found) => {
      await older();
      between();
      await hidden();
      expect([excused(), setBacks.check().length]).toEqual([isExcused, found]);
    },
  );

  it('is not excused when the host was suspended in the state that it left for', async () => {
    await older();
    await hidden();
    suspend();
    expect([excused(), setBacks.check()]).toEqual([false, []]);
  });

  it('is looked for after the host was suspended last', async () => {
    await older();
    seenBy(true);
    suspend();
    await hidden();
    expect(setBacks.check()).toEqual([]);
  });
});
