/**
 * Connections to the control Redis. It holds nothing that cannot be rebuilt, so everybody starts and goes on
 * without it: a connection is tried for ever in the background, and a call made meanwhile fails by itself.
 */
import { Redis } from 'ioredis';

/** A call waits for one attempt to reconnect, then fails. */
const ATTEMPTS_PER_CALL = 1;
/** Redis answers in microseconds; later than this it is stuck, or the network swallowed the call. */
const CALL_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 3_000;
const RECONNECT_STEP_MS = 100;
const RECONNECT_PAUSE_MAX_MS = 2_000;

export function openControlRedis(redisUrl: string, name: string): Redis {
  const redis = new Redis(redisUrl, {
    connectionName: name,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: CALL_TIMEOUT_MS,
    maxRetriesPerRequest: ATTEMPTS_PER_CALL,
    retryStrategy: reconnectPauseMs,
  });
  ignoreErrors(redis);
  return redis;
}

/** For subscriptions only: it stays silent for long and its one command waits as long as it takes. */
export function openSubscriber(redis: Redis): Redis {
  const subscriber = redis.duplicate({ maxRetriesPerRequest: null, autoResubscribe: true });
  // no deadline: it would also end the wait for a Redis that is away at the start
  delete subscriber.options.commandTimeout;
  ignoreErrors(subscriber);
  return subscriber;
}

function reconnectPauseMs(attempt: number): number {
  return Math.min(attempt * RECONNECT_STEP_MS, RECONNECT_PAUSE_MAX_MS);
}

/** The calls that fail tell it; without a listener ioredis would print every attempt. */
function ignoreErrors(redis: Redis): void {
  redis.on('error', () => {});
}
