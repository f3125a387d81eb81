/**
 * Tells followers over Redis that the topology store has moved on, or that tokens were changed. Messages are hints: one that is lost while Redis
 * restarts costs a follower the time until its next poll.
 */
import type { Redis } from 'ioredis';
import type { ChangeNotifier } from '../../topology/index.ts';
import { within } from '../deadline/index.ts';
import { openSubscriber } from './control-redis.ts';

/** API tokens were created or revoked; the message says nothing more. */
export const TOKENS_CHANNEL = '{foreshard}:tokens';
/** The message is the new version. */
export const CHANGES_CHANNEL = '{foreshard}:changes';

/** A follower that starts while Redis is away goes on without messages, which begin when Redis is back. */
const SUBSCRIBE_PATIENCE_MS = 1_000;

type Listener = (version: number) => void;

export class RedisChangeNotifier implements ChangeNotifier {
  private readonly redis: Redis;
  private readonly channel: string;
  private readonly listeners = new Set<Listener>();
  private subscriber: Redis | undefined;
  private subscribed: Promise<unknown> = Promise.resolve();

  /** Does not own the connection: it publishes over it, and opens one like it to subscribe. */
  constructor(redis: Redis, channel = CHANGES_CHANNEL) {
    this.redis = redis;
    this.channel = channel;
  }

  async notify(version: number): Promise<void> {
    await this.redis.publish(this.channel, String(version));
  }

  async subscribe(listener: Listener): Promise<() => Promise<void>> {
    this.listeners.add(listener);
    this.subscriber ??= this.openSubscriber();
    await within(SUBSCRIBE_PATIENCE_MS, this.subscribed, 'not subscribed yet').catch(() => {});
    return async () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.close();
    };
  }

  /** Ends every subscription. */
  close(): void {
    this.listeners.clear();
    this.subscriber?.disconnect();
    this.subscriber = undefined;
  }

  private openSubscriber(): Redis {
    const subscriber = openSubscriber(this.redis);
    subscriber.on('message', (_channel, message) => this.notifyAll(Number(message)));
    this.subscribed = subscriber.subscribe(this.channel);
    // it fails only when the connection is closed for good
    this.subscribed.catch(() => {});
    return subscriber;
  }

  private notifyAll(version: number): void {
    if (!Number.isSafeInteger(version)) return;
    for (const listener of [...this.listeners]) listener(version);
  }
}
