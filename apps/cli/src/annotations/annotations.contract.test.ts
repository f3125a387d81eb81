/** `foreshard annotations`, as people type it, on a real edge with its stores. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { RealEdge } from '../replay/real-edge.fixture.ts';

const DONE = 0;
const BAD_INPUT = 2;

let edge: RealEdge;
beforeAll(async () => {
  edge = await RealEdge.start(inject('postgresUrl'), 1, 'annotations');
}, 150_000);
afterAll(() => edge?.stop());

const foreshard = (...args: string[]) => edge.command(args).ended;
const FROM = ['--from', '2026-11-27T08:00:00+01:00'];

test('an annotation is added, listed by its time, removed, and put back without an edge', async () => {
  const range = ['--range', '8000000000000000..10000000000000000'];
  const added = await foreshard('annotations', 'add', 'sale begins', ...FROM, ...range, '--json');
  const { id, ...kept } = JSON.parse(added.stdout);
  expect(kept).toMatchObject({
    ...{ stream: 'main', from: '2026-11-27T07:00:00.000Z', to: '2026-11-27T07:00:00.000Z' },
    ...{ text: 'sale begins', range: { from: '8000000000000000', to: '10000000000000000' } },
  });
  const listed = await foreshard('annotations', 'list', '--from', '2026-11-27T07:00:00Z');
  expect(listed.stdout).toContain('sale begins');
  const later = await foreshard('annotations', 'list', '--from', '2026-11-27T07:00:01Z');
  expect(later.stdout).toContain('no annotation yet');
  const removed = await foreshard('annotations', 'remove', id);
  expect(removed.stdout).toContain(`foreshard annotations restore ${id}`);
  expect((await foreshard('annotations')).stdout).toContain('no annotation yet');
  expect((await foreshard('annotations', 'list', '--removed')).stdout).toContain('removed by token:');
  expect(await foreshard('annotations', 'restore', id, '--direct')).toMatchObject({
    ...{ exitCode: DONE, stdout: 'charts show it again\n' },
  });
  expect(await foreshard('annotations', 'restore', id)).toMatchObject({ exitCode: BAD_INPUT });
}, 60_000);

test.each([
  [['--range', '8..10000000000000000'], '/range/from: expected 16 hex digits'],
  [['--to', '2026-11-27T06:00:00Z'], 'to: it must not lie before "from"'],
  [['--stream', 'other'], 'There is no stream "other"'],
])(
  'what is wrong with it is named: %j',
  async (flags, words) => {
    expect(await foreshard('annotations', 'add', 'sale', ...FROM, ...flags)).toMatchObject({
      ...{ exitCode: BAD_INPUT, stderr: expect.stringContaining(words) },
    });
  },
  60_000,
);
