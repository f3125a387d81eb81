/** When a topology store may take hosts over from another control plane, and what it takes over. */
import { MemoryHostProofs } from '@foreshard/core/adapters/memory';
import type { HostProof, MarkReply } from '@foreshard/core/hosts';
import { describe, expect, test } from 'vitest';
import { foreignOf, isUsedByAnother, renewedHosts, standingsOf, takeOver, takingOver } from './alone.ts';
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
    ['that this topology store gave its mark', '4.a', '5.a', false],
    ['that this topology store gave the mark before', '3.a', '4.a', false],
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
    expect(takingOver(foreignOf(marks, standings), proofs, 'r')).toEqual([
      {
        before: PROOF,
        after: {
          host: 1,
          held: '9.b',
          next: '10.r-1',
          generation: 0,
          count: 20,
          promise: 900,
          earlier: [],
          writers: ['r'],
        },
      },
    ]);
  });

  test('begins after its own mark where that is ahead', () => {
    const ahead = new Map([[1, { ...PROOF, held: '4.a', next: '5.a', promise: 950 }]]);
    const standings = standingsOf(hosts, [marked(1, '4.b')], ahead);
    const [change] = takingOver(foreignOf(new Map([[1, identity('4.b')]]), standings), ahead, 'r');
    expect(change?.after).toMatchObject({ next: '6.r-1', promise: 950 });
  });

  test('leaves alone what is its own, and what went back', () => {
    const surveys = [marked(1, '3.a'), marked(2, '')];
    const marks = new Map([
      [1, identity('3.a')],
      [2, identity('')],
    ]);
    expect(foreignOf(marks, standingsOf(hosts, surveys, proofs))).toEqual(new Map());
  });

  test('takes a host that joined another control plane meanwhile, and one in a newer generation', () => {
    const surveys = [marked(1, '5.a', 20, 8), marked(2, '1.b'), silent(3)];
    const standings = standingsOf(hosts, surveys, proofs);
    const marks = new Map([
      [1, identity('5.a', 20, 8)],
      [2, identity('1.b')],
    ]);
    const after = takingOver(foreignOf(marks, standings), proofs, 'r').map((change) => change.after);
    expect(after).toMatchObject([
      { host: 1, generation: 8 },
      { host: 2, next: '2.r-1' },
    ]);
    expect(renewedHosts(hosts, surveys).map(({ id, generation }) => [id, generation])).toEqual([[1, 8]]);
  });
});

describe('taking over while the worker of this topology store marks', () => {
  const OF_WORKER: HostProof = { ...PROOF, held: '4.w-1', next: '5.w-2', writers: ['w'] };
  const again = (proof: HostProof, count: number): HostProof => {
    const next = `${proof.next.split('.')[0]}.w-${count}`;
    return { ...proof, next, writers: [...new Set(['w', ...proof.writers])] };
  };
  const FOREIGN = new Map([[1, identity('9.b-7')]]);

  /** The worker's view changes `changes` times, each before the doctor's write. */
  class Marked extends MemoryHostProofs {
    changes = 0;
    writes = 0;
    private count = 3;

    static async of(now: HostProof, changes = 0): Promise<Marked> {
      const store = new Marked();
      await store.write(undefined, now);
      store.changes = changes;
      return store;
    }

    async write(before: HostProof | undefined, after: HostProof): Promise<void> {
      await super.replace([{ before, after }]);
    }

    async current(): Promise<HostProof> {
      return (await this.proofs()).get(1)!;
    }

    async changeNext(): Promise<HostProof> {
      const before = await this.current();
      await this.write(before, again(before, ++this.count));
      return this.current();
    }

    override async replace(wanted: Parameters<MemoryHostProofs['replace']>[0]) {
      this.writes++;
      if (this.changes-- > 0) await this.changeNext();
      return super.replace(wanted);
    }
  }

  function taken(store: Marked, send: (proof: HostProof) => Promise<MarkReply>) {
    return takeOver(store, FOREIGN, new Map([[1, OF_WORKER]]), send, 'd');
  }

  /** What was sent to a host that accepts it. */
  function accepting() {
    const sent: string[] = [];
    const send = async ({ held, next }: HostProof) => {
      sent.push(`${held} ${next}`);
      return { kind: 'marked' } as MarkReply;
    };
    return { sent, send };
  }
  const refusing = (mark: string) => async (): Promise<MarkReply> => ({ kind: 'otherMark', mark });

  test.each([0, 1, 4])('goes on when the next mark changed before, and %i times meanwhile', async (times) => {
    const store = await Marked.of(again(OF_WORKER, 3), times);
    const { sent, send } = accepting();
    expect(await taken(store, send)).toBe(true);
    expect(sent).toEqual(['9.b-7 10.d-1']);
    expect(await store.current()).toMatchObject({ held: '9.b-7', next: '10.d-1', writers: ['d'] });
    expect(store.writes).toBe(times + 1);
  });

  test('gives up when it can never write', async () => {
    const store = await Marked.of(OF_WORKER, Number.POSITIVE_INFINITY);
    const { sent, send } = accepting();
    expect(await taken(store, send)).toBe(false);
    expect(sent).toEqual([]);
    expect(store.writes).toBe(5);
  });

  test('leaves a host alone that somebody else has taken over since it was examined', async () => {
    const other = { ...OF_WORKER, held: '9.b-7', next: '10.e-1', writers: ['e'] };
    const store = await Marked.of(other);
    const { sent, send } = accepting();
    expect(await taken(store, send)).toBe(false);
    expect(sent).toEqual([]);
    expect(await store.current()).toEqual(other);
  });

  test('is done where the worker was faster with the mark on top', async () => {
    const store = await Marked.of(OF_WORKER);
    const send = async () => refusing((await store.changeNext()).next)();
    expect(await taken(store, send)).toBe(true);
  });

  test('is done where that mark is confirmed already', async () => {
    const store = await Marked.of(OF_WORKER);
    const send = async () => {
      const before = await store.changeNext();
      await store.write(before, { ...before, held: before.next, next: '11.w-9' });
      return refusing(before.next)();
    };
    expect(await taken(store, send)).toBe(true);
  });

  test.each([
    ['a mark further on', '11.b-9'],
    ['a mark with the same number', '10.b-8'],
    ["a mark of this topology store's process of before", '10.w-8'],
  ])('is refused when another control plane was faster with %s', async (_, mark) => {
    const store = await Marked.of(OF_WORKER);
    await expect(taken(store, refusing(mark))).rejects.toThrow(
      `another control plane is alive on host 1: it gave it mark ${mark} just now. Stop it first`,
    );
  });
});
