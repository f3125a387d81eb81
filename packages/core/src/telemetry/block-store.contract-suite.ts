/** What every store of blocks must do. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { BlockKey, BlockStore } from './block-store.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);
const plain = (found: Uint8Array | undefined) => found && [...found];

export function blockStoreSuite(name: string, open: () => Promise<BlockStore>): void {
  describe(name, () => {
    let store: BlockStore;
    const key: BlockKey = {
      stream: 1,
      level: 'hour',
      part: 'events',
      startMs: 1_800_000_000_000,
      source: '',
    };
    const query = { stream: 1, level: 'hour', parts: ['events'], fromMs: 0, toMs: 2e12 } as const;
    const put = (...keys: BlockKey[]) =>
      store.exclusively('feed', async (tx) => {
        for (const [i, k] of keys.entries()) await tx.put(k, bytes(i + 1));
      });

    beforeEach(async () => {
      store = await open();
    });

    test('gives back what was put, in the order of its start', async () => {
      const later = { ...key, startMs: key.startMs + 5 };
      await put(later, key);
      const found = await store.read(query);
      expect(found.map((b) => [b.startMs, [...b.bytes]])).toEqual([
        [key.startMs, [2]],
        [later.startMs, [1]],
      ]);
    });

    test('reads only what was asked for: stream, level, part, and start in a half-open span', async () => {
      await put(key, { ...key, stream: 2 }, { ...key, level: 'minute' }, { ...key, part: 'bytes' });
      const span = (fromMs: number, toMs: number) => store.read({ ...query, fromMs, toMs });
      expect((await store.read(query)).map((b) => [...b.bytes])).toEqual([[1]]);
      expect(await span(key.startMs, key.startMs + 1)).toHaveLength(1);
      expect(await span(key.startMs - 1, key.startMs)).toHaveLength(0);
      expect(await store.read({ ...query, parts: ['events', 'bytes'] })).toHaveLength(2);
    });

    test('replaces a block, keeps an empty one, and forgets a removed one', async () => {
      await put(key, key);
      expect(await store.exclusively('feed', async (tx) => plain(await tx.get(key)))).toEqual([2]);
      const large = new Uint8Array(300_000).map((_, i) => i * 7);
      await store.exclusively('feed', (tx) => tx.put(key, large));
      expect(plain((await store.read(query))[0]!.bytes)).toEqual([...large]);
      await store.exclusively('feed', (tx) => tx.put(key, bytes()));
      expect((await store.read(query))[0]!.bytes).toHaveLength(0);
      await store.exclusively('feed', (tx) => tx.remove(key));
      expect(await store.read(query)).toEqual([]);
    });

    test('keeps the state with the blocks, or neither when the work fails', async () => {
      await store.exclusively('feed', async (tx) => {
        expect(tx.state).toBeUndefined();
        tx.setState('first');
      });
      const failing = store.exclusively('feed', async (tx) => {
        await tx.put(key, bytes(1));
        tx.setState('second');
        throw new Error('died');
      });
      await expect(failing).rejects.toThrow('died');
      expect(await store.read(query)).toEqual([]);
      expect(await store.exclusively('feed', async (tx) => tx.state)).toBe('first');
      expect(await store.exclusively('other', async (tx) => tx.state ?? 'none')).toBe('none');
    });

    test('lets one run at a time work on a feed, and others on other feeds', async () => {
      await store.exclusively('feed', async (tx) => tx.setState('known'));
      await store.exclusively('feed', async () => {
        expect(await store.exclusively('feed', async () => 'second')).toBeUndefined();
        expect(await store.exclusively('other', async () => 'beside')).toBe('beside');
      });
      expect(await store.exclusively('feed', async () => 'after')).toBe('after');
    });

    test('ends what is older than its retention, and only that', async () => {
      const old = { ...key, startMs: 1_000 };
      await put(old, key, { ...old, part: 'keys' }, { ...old, level: 'minute' });
      expect(await store.exclusively('feed', (tx) => tx.removeBefore('hour', ['events'], 2_000))).toBe(1);
      expect(await store.read({ ...query, parts: ['events', 'keys'] })).toHaveLength(2);
    });

    test('keeps an import apart, and removes it whole', async () => {
      const imported = { ...key, source: 'import:flights' };
      await put(key, imported, { ...imported, stream: 2 });
      expect(await store.read(query)).toHaveLength(2);
      expect(await store.sources(1)).toEqual(['import:flights']);
      expect(await store.exclusively('feed', (tx) => tx.removeSource(1, 'import:flights'))).toBe(1);
      expect((await store.read(query)).map((b) => b.source)).toEqual(['']);
      expect(await store.sources(2)).toEqual(['import:flights']);
    });
  });
}
