/** What the worker that seals has found last, in the control Redis: for the console, and nothing depends on it. */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { ChainState } from '../../audit/index.ts';

const KEY = '{foreshard}:audit-chain';

const stateSchema = z.object({
  head: z.object({ number: z.int(), hash: z.string(), at: z.string() }).nullable(),
  unsealed: z.int(),
  verified: z.object({ to: z.int(), at: z.string() }).nullable(),
  fault: z.string().nullable(),
});

export async function publishChainState(redis: Redis, state: ChainState): Promise<void> {
  await redis.set(KEY, JSON.stringify(state));
}

/** Undefined where no worker has sealed yet, or the control Redis does not answer. */
export function chainStateReader(redis: Redis): () => Promise<ChainState | undefined> {
  return async () => {
    try {
      return stateSchema.parse(JSON.parse((await redis.get(KEY)) ?? ''));
    } catch {
      return undefined;
    }
  };
}
