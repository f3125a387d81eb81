/** Digests are sums: those of neighbouring runs of records add up to the digest of both. */
import { DIGEST_PRIME_1, DIGEST_PRIME_2, type Digest } from '../hosts/index.ts';

export function addDigests(a: Digest, b: Digest): Digest {
  return {
    count: a.count + b.count,
    sum1: (a.sum1 + b.sum1) % DIGEST_PRIME_1,
    sum2: (a.sum2 + b.sum2) % DIGEST_PRIME_2,
  };
}
