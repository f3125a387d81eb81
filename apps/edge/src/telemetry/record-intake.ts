/**
 * Takes records of the user's query layer: each is judged by itself, and the good ones go to the control
 * Redis in one piece. They are telemetry: what the control Redis does not take is refused, never kept here.
 */
import { ForeshardError } from '@foreshard/core/kernel';
import {
  ACCESS_STREAM_KEY,
  ACCESSES_FIELD,
  accessRecordSchema,
  accessStreamLength,
  INSTANCES_FIELD,
  instanceRecordSchema,
  RECORD_AHEAD_MS_MAX,
  RECORDS_PER_REQUEST_MAX,
} from '@foreshard/core/telemetry';
import type { z } from 'zod';
import { type ProblemDocument, problemDocument } from '../http/problem.ts';
import type { CappedStream } from '../sharing/index.ts';

export type RecordResult =
  | { readonly status: 'accepted' }
  | { readonly status: 'error'; readonly error: ProblemDocument };

const RETRY_AFTER_SECONDS = 5;

export class RecordIntake {
  private readonly redis: CappedStream;
  private readonly nowMs: () => number;

  constructor(redis: CappedStream, nowMs: () => number) {
    this.redis = redis;
    this.nowMs = nowMs;
  }

  /** @throws ForeshardError malformed_body, overloaded */
  accesses(body: unknown): Promise<RecordResult[]> {
    return this.take(body, accessRecordSchema, ACCESSES_FIELD, 'time');
  }

  /** @throws ForeshardError malformed_body, overloaded */
  instances(body: unknown): Promise<RecordResult[]> {
    return this.take(body, instanceRecordSchema, INSTANCES_FIELD, 'started');
  }

  /** `time`: the member that must not lie ahead. */
  private async take<N extends string>(
    body: unknown,
    schema: z.ZodType<Readonly<Record<N, string>>>,
    field: string,
    time: N,
  ): Promise<RecordResult[]> {
    const items: readonly unknown[] = Array.isArray(body) ? body : [body];
    if (items.length > RECORDS_PER_REQUEST_MAX)
      throw new ForeshardError(
        'malformed_body',
        `A request takes ${RECORDS_PER_REQUEST_MAX} records at most.`,
      );
    const aheadMs = this.nowMs() + RECORD_AHEAD_MS_MAX;
    const inTime = schema.refine((record) => Date.parse(record[time]) <= aheadMs, {
      error: 'it lies more than 5 minutes ahead of the clock of the edge',
      path: [time],
    });
    const judged = items.map((item) => inTime.safeParse(item));
    const good = judged.filter((j) => j.success).map((j) => j.data);
    if (good.length > 0) await this.send(field, JSON.stringify(good));
    return judged.map((j) =>
      j.success ? { status: 'accepted' } : { status: 'error', error: problemOf(j.error) },
    );
  }

  private async send(field: string, text: string): Promise<void> {
    const value = Buffer.from(text);
    try {
      const length = accessStreamLength(value.length);
      await this.redis.xadd(ACCESS_STREAM_KEY, 'MAXLEN', '~', length, '*', field, value);
    } catch (cause) {
      throw new ForeshardError('overloaded', 'The control Redis does not take telemetry just now.', {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
        cause,
      });
    }
  }
}

function problemOf({ issues }: z.ZodError): ProblemDocument {
  const { path, message } = issues[0]!;
  const pointer = path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return problemDocument('invalid_record', message, pointer);
}
