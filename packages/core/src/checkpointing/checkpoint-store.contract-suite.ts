/** What every store of contents keeps to. */
import { describe, expect, it } from 'vitest';
import type { CheckpointStore } from './checkpoint-store.ts';

/** More than a part of any store. */
const LARGE_BYTES = 2_500_000;

/** `open`: called in each test. Names of objects are unlike those of other tests. */
export function describeCheckpointStore(name: string, open: () => CheckpointStore): void {
  describe(name, () => {
    const put = (object: string, text: string) => open().put(object, Buffer.from(text));
    const found = async (object: string) => {
      const content = await open().get(object);
      return content && Buffer.from(content).toString();
    };
    async function listed(prefix: string, beforeMs = Date.now() + 60_000): Promise<string[]> {
      const names: string[] = [];
      for await (const page of open().list(prefix, beforeMs)) names.push(...page);
      return names.sort();
    }

    it('gives back what was put, whatever its size', async () => {
      await put('a/1/1-1-x', 'one');
      await put('a/1/1-2-empty', '');
      expect(await found('a/1/1-1-x')).toBe('one');
      expect(await found('a/1/1-2-empty')).toBe('');
      const large = Buffer.alloc(
        LARGE_BYTES,
        Uint8Array.from({ length: 251 }, (_, i) => i),
      );
      await open().put('a/1/1-3-large', large);
      expect(Buffer.from((await open().get('a/1/1-3-large'))!).equals(large)).toBe(true);
    });

    it('has nothing of what was never put, or was deleted, also twice', async () => {
      expect(await found('b/1/none')).toBeUndefined();
      const all = Array.from({ length: 20 }, (_, i) => `b/1/x${i}`);
      for (const object of [...all, 'b/1/other']) await put(object, 'x');
      await open().delete(all);
      await open().delete([...all.slice(0, 2), 'b/1/none']);
      await open().delete([]);
      expect(await listed('b/')).toEqual(['b/1/other']);
      expect(await found('b/1/x0')).toBeUndefined();
    });

    it('takes the same content again, as after an answer that was lost', async () => {
      await open().put('c/1/x', Buffer.alloc(LARGE_BYTES, 1));
      await put('c/1/x', 'short');
      expect(await found('c/1/x')).toBe('short');
    });

    it('lists those of a prefix that are older than a time', async () => {
      for (const object of ['d/1/x', 'd/1/y', 'd/10/x', 'e/1/x']) await put(object, 'x');
      expect(await listed('d/')).toEqual(['d/1/x', 'd/1/y', 'd/10/x']);
      expect(await listed('d/1/')).toEqual(['d/1/x', 'd/1/y']);
      expect(await listed('d/', Date.now() - 60_000)).toEqual([]);
    });
  });
}
