import { ForeshardError } from '@foreshard/core/kernel';

const RETRY_AFTER_SECONDS = 5;
/** A decision on 100,000 shardlets takes seconds; a restore, or a server that hangs, would take as long as it likes. */
const ANSWER_WITHIN_MS = 25_000;

/** Only what the control plane keeps needs PostgreSQL: that it is away is told as such. */
export async function reachingStore<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await answeredInTime(call());
  } catch (cause) {
    if (!isStoreAway(cause)) throw cause;
    throw new ForeshardError('store_unreachable', `PostgreSQL does not answer, where ${what}.`, {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
      cause,
    });
  }
}

class StoreLate extends Error {
  override readonly name = 'StoreLate';
}

/** By name, since which store it is is not known here. */
export function isStoreAway(error: unknown): boolean {
  const name = (error as Error | null)?.name;
  return error instanceof StoreLate || name === 'DatabaseUnreachable' || name === 'CheckpointStoreAway';
}

/** What was asked for may still happen. */
export async function answeredInTime<T>(answer: Promise<T>, withinMs = ANSWER_WITHIN_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StoreLate(`no answer within ${withinMs} ms`)), withinMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
