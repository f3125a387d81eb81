import { formatPosition, parsePosition, range, slices } from '@foreshard/core/keyspace';
import type { Heat } from '@foreshard/core/telemetry';
import {
  prepareMigration,
  restructure,
  settleOpening,
  settleRestructure,
  TopologyMap,
} from '@foreshard/core/topology';
import { expect, it } from 'vitest';
import { NOW_MS, testStore } from '../cluster/test-cluster.ts';
import { marksOf } from './marks.ts';

const HOUR_MS = 3_600_000;

/** A split of the first shardlet, a roll of the second and a move of the third. */
async function changed() {
  const store = await testStore();
  const decide = async (decision: Parameters<typeof store.decide>[0], actor = 'me') => {
    const reply = await store.decide(decision, actor);
    if (reply.kind === 'refused') throw new Error(reply.refusal.detail);
  };
  const { shardlets } = await store.snapshot();
  for (const { id, epoch } of shardlets) await decide(settleOpening(id, epoch));
  const [first, second, third, fourth] = (await store.snapshot()).shardlets;
  const middle = parsePosition('2000000000000000');
  await decide(
    restructure({
      parents: [first!],
      children: [range(first!.range.from, middle), range(middle, first!.range.to)],
    }),
  );
  await decide(restructure({ parents: [second!], children: [second!.range] }));
  await decide(prepareMigration({ ...third!, dest: 2 }), 'planner');
  await decide(restructure({ parents: [fourth!], children: slices(fourth!.range, 7) }));
  const children = (await store.snapshot()).shardlets.filter(({ parents }) => parents.includes(fourth!.id));
  const settled = {
    parents: [{ id: fourth!.id, finalSeq: 0, finalTs: 0 }],
    children: children.map((c) => c.id),
  };
  await decide(settleRestructure(settled));
  const open = (await store.snapshot()).shardlets.filter(({ parents }) => parents.includes(fourth!.id));
  for (const parents of [open.slice(0, 3), open.slice(3)]) {
    const whole = range(parents[0]!.range.from, parents.at(-1)!.range.to);
    await decide(restructure({ parents, children: [whole] }));
  }
  return {
    store,
    map: new TopologyMap(await store.snapshot()),
    shardlets: [first!, second!, third!],
    merged: open,
  };
}

const { store, map, shardlets, merged } = await changed();
const marksIn = (fromMs: number, columns: number, stream = 1) =>
  marksOf(store, map, stream, { fromMs, columnMs: HOUR_MS, columns } as Heat);

it('restructurings and moves are marked with their rows, their words and who decided them', async () => {
  const { marks, isWhole } = await marksIn(NOW_MS - HOUR_MS, 2);
  const [split, roll, move] = marks;
  expect(marks.map(({ kind }) => kind)).toEqual(['split', 'roll', 'move', 'split', 'merge', 'merge']);
  expect(split).toMatchObject({ text: `split of ${shardlets[0]!.id}`, actor: 'me', atMs: NOW_MS });
  expect([split!.from, split!.to]).toEqual(['0000000000000000', '4000000000000000']);
  expect([roll!.from, roll!.to]).toEqual(['4000000000000000', '8000000000000000']);
  expect(move).toMatchObject({
    ...{ text: `move of ${shardlets[2]!.id} from redis-a to redis-b`, actor: 'planner' },
    from: formatPosition(shardlets[2]!.range.from),
  });
  const [a, b, c] = merged.map(({ id }) => id);
  expect(marks.slice(4).map(({ text }) => text)).toEqual([
    `merge of ${a}, ${b}, ${c}`,
    'merge of 4 shardlets',
  ]);
  expect([marks[5]!.from, marks[5]!.to]).toEqual([marks[4]!.to, '10000000000000000']);
  expect(isWhole).toBe(true);
});

it('there are none before the time of the picture, after it, and of another stream', async () => {
  expect((await marksIn(NOW_MS - 2 * HOUR_MS, 1)).marks).toEqual([]);
  expect((await marksIn(NOW_MS + HOUR_MS, 1)).marks).toEqual([]);
  expect((await marksIn(NOW_MS - HOUR_MS, 2, 99)).marks).toEqual([]);
});
