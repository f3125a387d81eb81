/** What every HostProofStore does. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { HostClaim, HostProofStore } from './proof-store.ts';
import type { HostProof } from './standing.ts';

export function describeHostProofStore(name: string, open: () => Promise<HostProofStore>): void {
  describe(`host proofs ${name}`, () => {
    let store: HostProofStore;
    beforeEach(async () => {
      store = await open();
    });

    const proof = (host: number, held: string, next: string): HostProof => ({
      ...{ host, held, next, generation: 4, count: 2 ** 52 },
      ...{ promise: 1_790_000_000_000_000, earlier: [1_780_000_000_000_000, 5], writers: ['q'] },
    });

    it('keeps one proof a host', async () => {
      const [one, two] = [proof(1, '', '1.a'), proof(2, '', '1.b')];
      const written = await store.replace([one, two].map((after) => ({ before: undefined, after })));
      expect(written).toEqual(new Set([1, 2]));
      expect(await store.proofs()).toEqual(
        new Map([
          [1, one],
          [2, two],
        ]),
      );
      expect(await store.replace([])).toEqual(new Set());
    });

    it('replaces what has not changed since, and nothing else', async () => {
      const [first, second, third] = [proof(1, '', '1.a'), proof(1, '1.a', '2.b'), proof(1, '1.a', '2.c')];
      const other = proof(2, '', '1.z');
      await store.replace([{ before: undefined, after: first }]);
      expect(await store.replace([{ before: undefined, after: third }])).toEqual(new Set());
      expect(await store.replace([{ before: first, after: second }])).toEqual(new Set([1]));
      const late = [
        { before: first, after: third },
        { before: undefined, after: other },
      ];
      expect(await store.replace(late)).toEqual(new Set([2]));
      expect(await store.proofs()).toEqual(
        new Map([
          [1, second],
          [2, other],
        ]),
      );
      expect(await store.replace([{ before: proof(3, '', '1.a'), after: proof(3, '1.a', '2.a') }])).toEqual(
        new Set(),
      );
      expect((await store.proofs()).has(3)).toBe(false);
    });

    it('does not take back what was confirmed since, with the same mark sent last', async () => {
      const [sent, confirmed] = [proof(1, '1.a', '2.b'), proof(1, '2.b', '2.b')];
      await store.replace([{ before: undefined, after: sent }]);
      expect(await store.replace([{ before: sent, after: confirmed }])).toEqual(new Set([1]));
      expect(await store.replace([{ before: sent, after: proof(1, '1.a', '2.c') }])).toEqual(new Set());
      expect(await store.proofs()).toEqual(new Map([[1, confirmed]]));
    });

    it('lets one of two writers win', async () => {
      const first = proof(1, '', '1.a');
      await store.replace([{ before: undefined, after: first }]);
      const rivals = ['b', 'c'].map((r) =>
        store.replace([{ before: first, after: proof(1, '1.a', `2.${r}`) }]),
      );
      const sizes = (await Promise.all(rivals)).map((won) => won.size);
      expect(sizes.toSorted()).toEqual([0, 1]);
    });

    it('remembers the last seqs of a host that has a proof', async () => {
      await store.replace([{ before: undefined, after: proof(1, '', '1.a') }]);
      await store.remember(1, new Map([[7, 41]]));
      await store.remember(2, new Map([[8, 1]]));
      expect(await store.remembered(1)).toEqual(new Map([[7, 41]]));
      expect(await store.remembered(2)).toEqual(new Map());
    });

    it('keeps a claim of each claimant about each host until it is answered', async () => {
      const acknowledged = { shardlet: 3, epoch: 9, seq: 12, ts: 1_790_000_000_000_000 };
      const claim: HostClaim = {
        ...{ host: 1, claimant: 'edge-a', generation: 0, seen: 10, answered: 8, acknowledged, atMs: 5 },
      };
      const bare: HostClaim = { host: 2, claimant: 'edge-a', generation: 0, seen: 3, answered: 1, atMs: 6 };
      expect(await store.verdict(claim)).toBe('unknown');
      await store.claim({ ...claim, seen: 9 });
      await store.claim(claim);
      await store.claim(bare);
      expect(await store.claims()).toEqual([claim, bare]);
      expect(await store.verdict(claim)).toBeUndefined();
      await store.answer(claim, 'confirmed');
      expect(await store.claims()).toEqual([bare]);
      expect(await store.verdict(claim)).toBe('confirmed');
      // a new claim is a new question
      await store.claim(claim);
      expect(await store.verdict(claim)).toBeUndefined();
    });
  });
}
