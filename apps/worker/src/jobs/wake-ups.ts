/**
 * Takes wake-ups from BullMQ and hands them to the registry. The control Redis may lose everything at any
 * time: what is to be done stands in the topology store, and the schedules are looked at again every few seconds and
 * put back when they are missing or have stopped.
 */
import { JOB_PREFIX, JOB_QUEUE, JOBS, type JobDescription, type JobName } from '@foreshard/core/jobs';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { Logger } from 'pino';

const SCHEDULES_EVERY_MS = 1_000;
/** A schedule whose next run is this late has stopped: its last job was lost together with a worker. */
const STOPPED_AFTER_MS = 2_000;
/** Jobs for which edges may be waiting run also without Redis, and at once when a worker starts. */
const URGENT = ['reconcile', 'move'] as const satisfies readonly JobName[];
const RECONNECT_STEP_MS = 100;
const RECONNECT_PAUSE_MAX_MS = 2_000;
/** The registry lets no job overlap itself, so this many never wait for each other. */
const CONCURRENCY = Object.keys(JOBS).length + 1;
const KEPT_COMPLETED = 50;
const KEPT_FAILED = 200;

export interface WakeUpParts {
  readonly redisUrl: string;
  readonly log: Logger;
  run(name: string, payload: unknown): Promise<void>;
}

interface Connected {
  readonly queue: Queue;
  readonly worker: Worker;
}

export class WakeUps {
  private readonly parts: WakeUpParts;
  private readonly redis: Redis;
  private readonly connected: Promise<Connected | undefined>;
  private timer: NodeJS.Timeout | undefined;
  private scheduling = false;
  private scheduled = false;
  private ended = false;

  /** Begins at once and keeps trying while Redis is away. */
  constructor(parts: WakeUpParts) {
    this.parts = parts;
    // BullMQ waits for Redis as long as it takes, and insists on saying so
    this.redis = new Redis(parts.redisUrl, {
      maxRetriesPerRequest: null,
      connectionName: 'foreshard-worker-jobs',
      retryStrategy: (attempt) => Math.min(attempt * RECONNECT_STEP_MS, RECONNECT_PAUSE_MAX_MS),
    });
    this.redis.on('error', () => {});
    this.timer = setInterval(() => void this.look(), SCHEDULES_EVERY_MS);
    this.runUrgent();
    this.connected = this.connect();
  }

  /** Redis answers and every schedule is there. */
  get ready(): boolean {
    return this.redis.status === 'ready' && this.scheduled;
  }

  /** Takes no more jobs and waits for those that run. */
  async stop(): Promise<void> {
    this.ended = true;
    clearInterval(this.timer);
    // ends a wait for a Redis that never came
    if (this.redis.status !== 'ready') this.redis.disconnect();
    const connected = await this.connected;
    await connected?.worker.close();
    await connected?.queue.close();
    this.redis.disconnect();
  }

  /** A queue whose first connection fails never recovers, so none is made before Redis has answered. */
  private async connect(): Promise<Connected | undefined> {
    try {
      await this.redis.ping();
    } catch {
      return undefined;
    }
    if (this.ended) return undefined;
    const options = { connection: this.redis, prefix: JOB_PREFIX };
    const queue = new Queue(JOB_QUEUE, options);
    const worker = new Worker(JOB_QUEUE, (job) => this.parts.run(job.name, job.data), {
      ...options,
      concurrency: CONCURRENCY,
    });
    // lost connections are told by `ready`, failed jobs by the registry
    queue.on('error', (error) => this.parts.log.debug({ err: error }, 'job queue'));
    worker.on('error', (error) => this.parts.log.debug({ err: error }, 'job worker'));
    await this.keepSchedules(queue);
    return { queue, worker };
  }

  private async look(): Promise<void> {
    if (this.redis.status !== 'ready') return this.runUrgent();
    const connected = await this.connected;
    if (connected !== undefined) await this.keepSchedules(connected.queue);
  }

  /** The registry tells how they end. */
  private runUrgent(): void {
    if (this.ended) return;
    for (const name of URGENT) this.parts.run(name, undefined).catch(() => {});
  }

  private async keepSchedules(queue: Queue): Promise<void> {
    if (this.scheduling || this.ended) return;
    this.scheduling = true;
    try {
      for (const name of Object.keys(JOBS) as JobName[]) await this.keepSchedule(queue, name, JOBS[name]);
      this.scheduled = true;
    } catch (error) {
      this.scheduled = false;
      this.parts.log.warn({ err: error }, 'the schedules cannot be registered');
    } finally {
      this.scheduling = false;
    }
  }

  private async keepSchedule(queue: Queue, name: JobName, job: JobDescription): Promise<void> {
    if (job.everyMs === undefined) return;
    const found = await queue.getJobScheduler(name);
    const stopped = found?.next !== undefined && found.next < Date.now() - job.everyMs - STOPPED_AFTER_MS;
    if (found?.every === job.everyMs && !stopped) return;
    await queue.upsertJobScheduler(
      name,
      { every: job.everyMs },
      {
        name,
        data: job.payload.parse(undefined),
        opts: {
          attempts: job.attempts,
          backoff: { type: 'exponential', delay: job.backoffMs },
          removeOnComplete: KEPT_COMPLETED,
          removeOnFail: KEPT_FAILED,
        },
      },
    );
    this.parts.log.info({ job: name, everyMs: job.everyMs }, 'schedule registered');
  }
}
