/**
 * The digest of a run of records: two sums modulo 26-bit primes over (seq, ts, checksum), and the count.
 * Every term fits a double exactly, so Lua, SQL and JavaScript compute the same value; it is a sum, so
 * chunks can be compared apart and added. It guards against faults, not against forgery (2^-52).
 */
import { frameChecksum } from './record.ts';

export const DIGEST_PRIME_1 = 67_108_859;
export const DIGEST_PRIME_2 = 67_108_837;

export interface Digest {
  readonly count: number;
  readonly sum1: number;
  readonly sum2: number;
}

export const EMPTY_DIGEST: Digest = Object.freeze({ count: 0, sum1: 0, sum2: 0 });

export function addToDigest(d: Digest, seq: number, ts: number, frame: Uint8Array): Digest {
  const [a, b] = frameChecksum(frame);
  const term1 = (((a + ts) % DIGEST_PRIME_1) * ((seq % DIGEST_PRIME_1) + 1)) % DIGEST_PRIME_1;
  const term2 = (((b + ts) % DIGEST_PRIME_2) * ((seq % DIGEST_PRIME_2) + 1)) % DIGEST_PRIME_2;
  return {
    count: d.count + 1,
    sum1: (d.sum1 + term1) % DIGEST_PRIME_1,
    sum2: (d.sum2 + term2) % DIGEST_PRIME_2,
  };
}

export function sameDigest(a: Digest, b: Digest): boolean {
  return a.count === b.count && a.sum1 === b.sum1 && a.sum2 === b.sum2;
}
