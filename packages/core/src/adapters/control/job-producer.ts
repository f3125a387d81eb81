/**
 * Wakes background jobs. A wake-up for a job that already waits is the same wake-up; one for a job that runs
 * is kept until that run ends, as the run may have read the topology store before the reason for the wake-up.
 */
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { JOB_PREFIX, JOB_QUEUE, JOBS, type JobName, type JobPayload } from '../../jobs/index.ts';
import { within } from '../deadline/index.ts';

export interface JobProducer {
  /**
   * Without a payload: the default of the job's schema.
   * @throws ControlRedisUnreachable
   */
  wake<N extends JobName>(name: N, payload?: JobPayload<N>): Promise<void>;
}

export class ControlRedisUnreachable extends Error {
  override readonly name = 'ControlRedisUnreachable';

  constructor(cause: unknown) {
    super('the control Redis does not answer: check REDIS_URL', { cause });
  }
}

/** A wake-up is a convenience: the job also runs on its schedule. */
const WAKE_TIMEOUT_MS = 3_000;
/** The newest runs are kept for people to look at. */
const KEPT_COMPLETED = 100;
const KEPT_FAILED = 500;

export class BullJobProducer implements JobProducer {
  private readonly redis: Redis;
  private queue: Queue | undefined;

  /** Does not own the connection. */
  constructor(redis: Redis) {
    this.redis = redis;
  }

  async wake<N extends JobName>(name: N, payload?: JobPayload<N>): Promise<void> {
    const job = JOBS[name];
    const data = job.payload.parse(payload);
    // a colon would look like BullMQ's own separator
    const id = `${name}-${JSON.stringify(data)}`.replaceAll(':', '=');
    this.queue ??= this.openQueue();
    const added = this.queue.add(name, data, {
      deduplication: { id, keepLastIfActive: true },
      attempts: job.attempts,
      backoff: { type: 'exponential', delay: job.backoffMs },
      removeOnComplete: KEPT_COMPLETED,
      removeOnFail: KEPT_FAILED,
    });
    await within(WAKE_TIMEOUT_MS, added, 'it says nothing').catch(async (cause) => {
      await this.close();
      throw new ControlRedisUnreachable(cause);
    });
  }

  /** Forgets the queue: one whose first connection failed never recovers, so the next wake-up begins anew. */
  async close(): Promise<void> {
    const queue = this.queue;
    this.queue = undefined;
    await within(WAKE_TIMEOUT_MS, queue?.close() ?? Promise.resolve(), 'closes later').catch(() => {});
  }

  private openQueue(): Queue {
    const queue = new Queue(JOB_QUEUE, { connection: this.redis, prefix: JOB_PREFIX });
    // each call tells its own failure
    queue.on('error', () => {});
    return queue;
  }
}
