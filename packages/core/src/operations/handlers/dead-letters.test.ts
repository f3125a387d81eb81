import { beforeEach, describe, expect, it } from 'vitest';
import type { Grant, Scope } from '../../access/index.ts';
import { MemoryGroupStore } from '../../adapters/memory/index.ts';
import { EMPTY_GROUP, type Letter } from '../../consuming/index.ts';
import type { Stream, TopologyMap } from '../../topology/index.ts';
import { callerOf } from '../caller.ts';
import { deadLetters } from '../dead-letters.ts';
import { callerNamed } from './caller.fixture.ts';
import { deadLetterHandlers } from './dead-letters.ts';

const CALLER = callerNamed('a test');
const ORDERS = { id: 1, name: 'orders' } as Stream;
const letter = (seq: number, state: Letter['state']): Letter => ({
  ...{ letter: `7:${seq}:1`, state, stream: 'orders', shardlet: 7, seq, ts: 1, key: `eu-${seq}` },
  ...{ reason: 'r', attempts: 1, member: 'm', failures: 1, failedAt: 2, decisions: 0, decided: undefined },
  place: { shardlet: 9, seq },
});
const LETTERS = [letter(1, 'dead'), letter(2, 'discarded'), letter(3, 'dead')];
const COUNTS = { dead: 2, redriven: 0, discarded: 1 };

let decided: unknown[];
let handlers: ReturnType<typeof deadLetterHandlers>;

beforeEach(async () => {
  decided = [];
  const groups = new MemoryGroupStore({ nowMicros: () => 1 });
  await groups.create({ name: 'billing', stream: 1, sessionMs: 1_000, owner: 'token:shop' }, EMPTY_GROUP);
  const redrive = { name: 'billing.redrive', stream: 2, sessionMs: 1_000, redriveOf: 'billing' };
  await groups.create(redrive, EMPTY_GROUP);
  handlers = deadLetterHandlers({
    groups,
    map: () => ({ stream: (id: number) => (id === 1 ? ORDERS : undefined) }) as TopologyMap,
    letters: {
      list: async () => ({ letters: LETTERS, counts: COUNTS, omitted: 0 }),
      show: async () => ({ letter: LETTERS[0]!, event: '{"n":1}' }),
      async decide({ name }, kind, ids, { by, dryRun }) {
        decided.push([name, kind, ids, by, dryRun]);
        return { changed: 1, unchanged: 0, left: 0 };
      },
    },
  });
});

const list = (input: object = {}, caller = CALLER) =>
  handlers.list(deadLetters.list.input.parse({ group: 'billing', ...input }), caller);
const seqs = async (input: object) => (await list(input)).letters.map(({ seq }) => seq);

function token(name: string, permissions: Grant['permissions'] = [], scope: Scope = {}) {
  return callerOf({ kind: 'token', id: name, name, grants: [{ permissions, scope }] }, CALLER.origin);
}

describe('letters are listed', () => {
  it('the newest first, by state, page by page', async () => {
    expect(await seqs({})).toEqual([3, 2, 1]);
    expect(await seqs({ state: 'dead' })).toEqual([3, 1]);
    expect(await list({ limit: 1 })).toMatchObject({ letters: [{ seq: 3 }], more: true, counts: COUNTS });
    // the last one may be in another state by then
    expect(await seqs({ state: 'dead', after: '7:2:1' })).toEqual([1]);
    await expect(list({ after: '7:9:1' })).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a decision', () => {
  it('is for letters that are named, or for all, and says who made it', async () => {
    const input = deadLetters.redrive.input.parse({ group: 'billing', all: true });
    expect(await handlers.redrive(input, CALLER)).toMatchObject({ result: 'redriven', changed: 1 });
    expect(await handlers.redrive(input, { ...CALLER, dryRun: true })).toMatchObject({
      result: 'would be redriven',
    });
    expect(decided).toEqual([
      ['billing', 'redrive', 'all', 'a test', false],
      ['billing', 'redrive', 'all', 'a test', true],
    ]);
    for (const chosen of [{}, { all: true, letters: ['7:1:1'] }]) {
      const wrong = deadLetters.discard.input.parse({ group: 'billing', ...chosen });
      await expect(handlers.discard(wrong, CALLER)).rejects.toMatchObject({ pointer: '/letters' });
    }
  });
});

describe('who may', () => {
  const consume: Grant['permissions'] = ['groups:consume'];
  it.each([
    ['the owner, without any grant', token('shop')],
    [
      'who may consume in this group',
      token('x', consume, { groups: ['billing'], streams: [{ name: 'orders' }] }),
    ],
  ])('%s', async (_, caller) => {
    expect((await list({}, caller)).letters).toHaveLength(3);
  });

  it.each([
    ['who may consume in another group', token('x', consume, { groups: ['other'] })],
    ['who may consume of another stream', token('x', consume, { streams: [{ name: 'main' }] })],
    ['who may see the topology', token('x', ['topology:read'])],
  ])('not %s', async (_, caller) => {
    await expect(list({}, caller)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(list({ group: 'nope' }, caller)).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('read an event only who may read events of its key', async () => {
    const show = async (caller: typeof CALLER) =>
      (await handlers.show({ group: 'billing', letter: '7:1:1' }, caller)).event;
    const reading = (keyPrefix: string) =>
      token('shop', ['events:read'], { streams: [{ name: 'orders', keyPrefix }] });
    expect(await show(token('shop'))).toBe(null);
    expect(await show(reading('us-'))).toBe(null);
    expect(await show(reading('eu-'))).toBe('{"n":1}');
  });

  it('ask only by the name of the group itself', async () => {
    await expect(list({ group: 'billing.redrive' })).rejects.toMatchObject({ code: 'invalid_parameter' });
    await expect(list({ group: 'nope' })).rejects.toMatchObject({ code: 'unknown_group' });
  });
});
