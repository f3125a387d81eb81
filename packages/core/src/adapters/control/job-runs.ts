/** Reads what BullMQ keeps of the runs. */
import { type Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import {
  JOB_PREFIX,
  JOB_QUEUE,
  JOBS,
  type JobName,
  type JobRun,
  type JobRuns,
  RUN_STATES,
  type RunState,
} from '../../jobs/index.ts';
import { within } from '../deadline/index.ts';

const READ_TIMEOUT_MS = 3_000;

export class BullJobRuns implements JobRuns {
  private readonly redis: Redis;

  /** Does not own the connection. */
  constructor(redis: Redis) {
    this.redis = redis;
  }

  async recent(limit: number): Promise<JobRun[]> {
    const runs = await this.asked((queue) =>
      Promise.all(
        RUN_STATES.map(async (state) =>
          (await queue.getJobs([state], 0, limit - 1)).flatMap((job) => runOf(job, state) ?? []),
        ),
      ),
    );
    return runs.flat().sort((a, b) => timeOf(b) - timeOf(a));
  }

  async next(): Promise<ReadonlyMap<JobName, number>> {
    const schedules = await this.asked((queue) => queue.getJobSchedulers());
    const times = new Map<JobName, number>();
    for (const { key, next } of schedules) if (isJob(key) && next !== undefined) times.set(key, next);
    return times;
  }

  /** A queue for each question: one whose first connection failed never recovers. */
  private async asked<T>(ask: (queue: Queue) => Promise<T>): Promise<T> {
    const queue = new Queue(JOB_QUEUE, {
      connection: this.redis,
      prefix: JOB_PREFIX,
      skipMetasUpdate: true,
    });
    queue.on('error', () => {});
    try {
      return await within(READ_TIMEOUT_MS, ask(queue), 'the control Redis does not answer');
    } finally {
      await within(READ_TIMEOUT_MS, queue.close(), 'closes later').catch(() => {});
    }
  }
}

/** Undefined for a job that the catalogue does not know: another version has made it. */
function runOf(job: Job | undefined, state: RunState): JobRun | undefined {
  if (job === undefined || !isJob(job.name)) return undefined;
  return {
    id: String(job.id),
    name: job.name,
    state,
    askedAtMs: job.timestamp,
    startedAtMs: job.processedOn ?? null,
    endedAtMs: job.finishedOn ?? null,
    attempts: job.attemptsMade,
    reason: state === 'failed' ? (job.failedReason ?? 'no reason was given') : null,
  };
}

function timeOf(run: JobRun): number {
  return run.endedAtMs ?? run.startedAtMs ?? run.askedAtMs;
}

function isJob(name: string): name is JobName {
  return Object.hasOwn(JOBS, name);
}
