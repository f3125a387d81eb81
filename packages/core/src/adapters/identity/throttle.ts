/**
 * How often somebody may try a secret: by address, since one client tries many accounts, and by e-mail, since many
 * clients try one. Counted on the control Redis for all consoles together; while that is away, in each process alone.
 */
import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

export interface Throttle {
  /** Counts an attempt that failed. */
  failed(key: string): Promise<void>;
  /** How long this one has to wait before the next attempt; 0: not at all. */
  waitMs(key: string): Promise<number>;
  forget(key: string): Promise<void>;
}

export interface ThrottleSettings {
  readonly name: string;
  readonly failuresMax: number;
  readonly windowMs: number;
}

const MS_PER_SECOND = 1_000;

export function redisThrottle(redis: Redis, settings: ThrottleSettings): Throttle {
  const options = optionsOf(settings);
  return throttleBy(
    new RateLimiterRedis({
      ...options,
      storeClient: redis,
      insuranceLimiter: new RateLimiterMemory(options),
      // a Redis that is away is asked again with every attempt: the call itself is bounded
      rejectIfRedisNotReady: true,
    }),
    settings,
  );
}

export function memoryThrottle(settings: ThrottleSettings): Throttle {
  return throttleBy(new RateLimiterMemory(optionsOf(settings)), settings);
}

function optionsOf({ name, failuresMax, windowMs }: ThrottleSettings) {
  return { keyPrefix: `foreshard-${name}`, points: failuresMax, duration: windowMs / MS_PER_SECOND };
}

function throttleBy(
  limiter: RateLimiterRedis | RateLimiterMemory,
  { failuresMax }: ThrottleSettings,
): Throttle {
  return {
    async failed(key) {
      await limiter.consume(key).catch((refused: unknown) => {
        if (!(refused instanceof RateLimiterRes)) throw refused;
      });
    },
    async waitMs(key) {
      const counted = await limiter.get(key);
      return counted !== null && counted.consumedPoints >= failuresMax
        ? Math.max(1, counted.msBeforeNext)
        : 0;
    },
    async forget(key) {
      await limiter.delete(key);
    },
  };
}
