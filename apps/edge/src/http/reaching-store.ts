import { ForeshardError } from '@foreshard/core/kernel';

const RETRY_AFTER_SECONDS = 5;

/** Only what the control plane keeps needs PostgreSQL: that it is away is told as such. */
export async function reachingStore<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if ((cause as Error).name !== 'DatabaseUnreachable') throw cause;
    throw new ForeshardError('store_unreachable', `PostgreSQL does not answer, where ${what}.`, {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
      cause,
    });
  }
}
