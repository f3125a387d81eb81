/**
 * Inquiries over a queue of BullMQ: the question is a job, its answer the job's result. A question that nobody takes
 * in time is dropped with its asker; none is ever answered twice.
 */
import { type Job, Queue, QueueEvents, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { z } from 'zod';
import {
  INQUIRIES,
  INQUIRY_TIMEOUT_MS,
  type InquiryAnswers,
  type InquiryChecked,
  type InquiryClient,
  type InquiryName,
  type InquiryQuestion,
} from '../../advising/index.ts';
import { JOB_PREFIX } from '../../jobs/index.ts';
import { type ErrorCode, ForeshardError } from '../../kernel/index.ts';
import { within } from '../deadline/index.ts';
import { ControlRedisUnreachable } from './job-producer.ts';

const QUEUE = 'inquiries';
const CLOSE_TIMEOUT_MS = 3_000;
/** An answer that nobody fetched. */
const KEPT_SECONDS = 60;
const AT_A_TIME = 4;

type Reply =
  | { readonly answer: InquiryAnswers[InquiryName] }
  | { readonly code: ErrorCode; readonly detail: string; readonly pointer: string | undefined };

const questionSchema = z.object({ question: z.unknown(), untilMs: z.number() });

export class InquiryQueue implements InquiryClient {
  private readonly redis: Redis;
  private readonly nowMs: () => number;
  private readonly timeoutsMs: Readonly<Record<InquiryName, number>>;

  /** Does not own the connection. */
  constructor(redis: Redis, nowMs: () => number, timeoutsMs = INQUIRY_TIMEOUT_MS) {
    this.redis = redis;
    this.nowMs = nowMs;
    this.timeoutsMs = timeoutsMs;
  }

  async ask<N extends InquiryName>(name: N, question: InquiryQuestion<N>): Promise<InquiryAnswers[N]> {
    // the queue would wait for Redis for as long as for an answer
    await this.redis.ping().catch((error: unknown) => {
      throw unanswered(new ControlRedisUnreachable(error));
    });
    // one pair for each question: one whose first connection failed never recovers
    const queue = new Queue(QUEUE, { connection: this.redis, prefix: JOB_PREFIX, skipMetasUpdate: true });
    // it waits in a blocking command, so it needs a connection of its own
    const blocking = this.redis.duplicate({ maxRetriesPerRequest: null });
    blocking.on('error', () => {});
    const events = new QueueEvents(QUEUE, { connection: blocking, prefix: JOB_PREFIX });
    queue.on('error', () => {});
    events.on('error', () => {});
    try {
      const answered = this.answerOf(queue, events, name, question);
      return await within(this.timeoutsMs[name], answered, NOBODY).catch((error: unknown) => {
        throw error instanceof ForeshardError ? error : unanswered(error);
      });
    } finally {
      const closed = Promise.all([queue.close(), events.close()]);
      await within(CLOSE_TIMEOUT_MS, closed, 'closes later').catch(() => {});
      blocking.disconnect();
    }
  }

  private async answerOf<N extends InquiryName>(
    queue: Queue,
    events: QueueEvents,
    name: N,
    question: InquiryQuestion<N>,
  ): Promise<InquiryAnswers[N]> {
    // whoever asks a cluster without a worker is told at once
    if ((await queue.getWorkersCount()) === 0) throw unanswered(new Error(NOBODY));
    await events.waitUntilReady();
    const timeoutMs = this.timeoutsMs[name];
    const untilMs = this.nowMs() + timeoutMs;
    const job: Job = await queue.add(
      name,
      { question, untilMs },
      { removeOnComplete: { age: KEPT_SECONDS }, removeOnFail: { age: KEPT_SECONDS } },
    );
    const reply = (await job.waitUntilFinished(events, timeoutMs)) as Reply;
    if ('answer' in reply) return reply.answer as InquiryAnswers[N];
    const { code, detail, pointer } = reply;
    throw new ForeshardError(code, detail, pointer === undefined ? {} : { pointer });
  }
}

const NOBODY = 'no worker has answered: see that one runs and reaches the control Redis';

function unanswered(cause: unknown): ForeshardError {
  const timedOut = (cause as Error).message.includes('timed out');
  return new ForeshardError('store_unreachable', timedOut ? NOBODY : (cause as Error).message, {
    retryAfterSeconds: 5,
    cause,
  });
}

export type InquiryAnswerers = {
  readonly [N in InquiryName]: (question: InquiryChecked<N>) => Promise<InquiryAnswers[N]>;
};

/** Answers several at a time, as load may take a minute to be taken in; ends with `stop`. */
export class InquiryServer {
  private readonly redis: Redis;
  private readonly started: Promise<Worker | undefined>;
  private ended = false;

  constructor(redisUrl: string, answerers: InquiryAnswerers, nowMs: () => number) {
    this.redis = new Redis(redisUrl, { maxRetriesPerRequest: null, connectionName: 'foreshard-inquiries' });
    this.redis.on('error', () => {});
    this.started = this.start(answerers, nowMs);
  }

  /** Questions are taken from then on. */
  async ready(): Promise<void> {
    await (await this.started)?.waitUntilReady();
  }

  async stop(): Promise<void> {
    this.ended = true;
    if (this.redis.status !== 'ready') this.redis.disconnect();
    await (await this.started)?.close();
    this.redis.disconnect();
  }

  /** A worker whose first connection fails never recovers, so none is made before Redis has answered. */
  private async start(answerers: InquiryAnswerers, nowMs: () => number): Promise<Worker | undefined> {
    try {
      await this.redis.ping();
    } catch {
      return undefined;
    }
    if (this.ended) return undefined;
    const worker = new Worker(QUEUE, (job) => replyTo(answerers, job, nowMs()), {
      connection: this.redis,
      prefix: JOB_PREFIX,
      concurrency: AT_A_TIME,
    });
    worker.on('error', () => {});
    return worker;
  }
}

async function replyTo(answerers: InquiryAnswerers, { name, data }: Job, nowMs: number): Promise<Reply> {
  try {
    const { question, untilMs } = questionSchema.parse(data);
    if (nowMs > untilMs) throw new ForeshardError('store_unreachable', 'nobody waits for this any more');
    if (!isInquiry(name)) throw new ForeshardError('invalid_record', `There is no inquiry "${name}".`);
    return { answer: await answerTo(answerers, name, question) };
  } catch (error) {
    if (!(error instanceof ForeshardError)) throw error;
    return { code: error.code, detail: error.message, pointer: error.pointer };
  }
}

function answerTo<N extends InquiryName>(
  answerers: InquiryAnswerers,
  name: N,
  question: unknown,
): Promise<InquiryAnswers[N]> {
  const parsed = INQUIRIES[name].safeParse(question);
  if (parsed.success) return answerers[name](parsed.data as InquiryChecked<N>);
  const { path, message } = parsed.error.issues[0]!;
  throw new ForeshardError('invalid_record', message, {
    pointer: path.map((one) => `/${String(one)}`).join(''),
  });
}

function isInquiry(name: string): name is InquiryName {
  return Object.hasOwn(INQUIRIES, name);
}
