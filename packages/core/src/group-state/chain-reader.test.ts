import { gzipSync } from 'node:zlib';
import { beforeEach, expect, it } from 'vitest';
import type { CheckpointStore, StateCheckpoint } from '../checkpointing/index.ts';
import { ChainReader } from './chain-reader.ts';

let contents: Map<string, Uint8Array>;
let reader: ChainReader;

const store = { get: async (name: string) => contents.get(name) } as CheckpointStore;
const parts = {
  stores: { current: store, named: (kind: string) => (kind === 'folder' ? store : undefined) },
  digestOf: (content: Uint8Array) => `sha-256:${content.length}`,
};

beforeEach(() => {
  contents = new Map();
  reader = new ChainReader(parts);
});

/** With a content that the client library would have written. */
function stored(
  id: string,
  entries: readonly (readonly unknown[])[],
  base?: string,
  keys = 0,
): StateCheckpoint {
  const kind = base === undefined ? 'full' : 'delta';
  const header = { v: 1, kind, shardlet: 1, seq: 5, epoch: 1, handlerVersion: 'v' };
  const text = [header, ...entries].map((line) => `${JSON.stringify(line)}\n`).join('');
  return foreign(id, gzipSync(text), base, keys);
}

function foreign(id: string, content: Uint8Array, base?: string, keys = 0): StateCheckpoint {
  contents.set(id, content);
  return {
    ...{ id, object: id, store: 'folder', base, keys, digest: parts.digestOf(content) },
    ...{ shardlet: 1, seq: 5, epoch: 1, handlerVersion: 'v' },
  } as StateCheckpoint;
}

it('counts the keys of a chain, and begins anew with each whole one', async () => {
  await reader.read(
    stored('a', [
      ['x', 1],
      ['y', 2],
    ]),
  );
  expect(await reader.read(stored('b', [['x'], ['z', 3]], 'a'))).toMatchObject({
    error: undefined,
    entries: 2,
  });
  expect([...reader.keys.keys()]).toEqual(['y', 'z']);
  await reader.read(stored('c', [['w', 1]]));
  expect([...reader.keys.keys()]).toEqual(['w']);
});

it('finds fewer and more keys than a row says', async () => {
  const row = stored(
    'a',
    [
      ['x', 1],
      ['y', 2],
    ],
    undefined,
    2,
  );
  await reader.read(row);
  expect(reader.contradiction(row)).toBeUndefined();
  for (const keys of [1, 3])
    expect(reader.contradiction({ ...row, keys })).toBe(`a was stored with ${keys} keys, and restores 2.`);
});

it('says nothing of the keys of a chain of which one was not unpacked, until the next whole one', async () => {
  await reader.read(stored('a', [['x', 1]]));
  const other = foreign('b', Buffer.from('of our own'), 'a', 9);
  expect(await reader.read(other)).toMatchObject({ error: undefined, bytes: 10, entries: undefined });
  expect([reader.keys.size, reader.contradiction(other)]).toEqual([0, undefined]);
  const delta = stored('c', [['y', 1]], 'b', 9);
  await reader.read(delta);
  expect(reader.contradiction(delta)).toBeUndefined();
  const whole = stored('d', [['y', 1]], undefined, 9);
  await reader.read(whole);
  expect(reader.contradiction(whole)).toContain('with 9 keys, and restores 1');
});

it('unpacks no more keys than fit into the memory', async () => {
  reader = new ChainReader(parts, 2);
  const unread = async (entries: unknown[][]) => (await reader.read(stored('a', entries))).unread;
  expect(
    await unread([
      ['x', 1],
      ['y', 2],
      ['x', 3],
    ]),
  ).toBeUndefined();
  expect(
    await unread([
      ['x', 1],
      ['y', 2],
      ['z', 3],
    ]),
  ).toContain('more keys');
});

it('says what is wrong with a content, and how much of it was read', async () => {
  const row = stored('a', []);
  const { length } = contents.get('a')!;
  const wrong = { entries: undefined, unread: undefined };
  expect(await reader.read({ ...row, digest: 'sha-256:1' })).toEqual({
    ...{ ...wrong, bytes: length, error: `The content of a has sha-256:${length}, not sha-256:1.` },
  });
  expect(await reader.read({ ...row, seq: 6 })).toEqual({
    ...{ ...wrong, bytes: length, error: 'The content of a cannot be read: its seq is 5, and not 6.' },
  });
  const gone = { ...wrong, bytes: 0 };
  expect(await reader.read({ ...row, store: 's3' })).toEqual({
    ...{ ...gone, error: 'The content of a is not in the store "s3".' },
  });
  contents.delete('a');
  expect(await reader.read(row)).toMatchObject(gone);
});
