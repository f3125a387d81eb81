/** Puts the telemetry routes on the API: reads a bounded JSON body and answers each record's outcome. */
import type { IncomingMessage } from 'node:http';
import { ForeshardError } from '@foreshard/core/kernel';
import type { Context } from 'hono';
import type { Api } from '../api/index.ts';
import type { ByteBudget } from '../http/byte-budget.ts';
import { checkAnnounced, readBody } from '../http/read-body.ts';
import { tellAccesses, tellInstances } from './operations.ts';
import type { RecordIntake, RecordResult } from './record-intake.ts';

/** Five thousand records of two hundred bytes. */
const BODY_BYTES_MAX = 1_048_576;
const JSON_MEDIA_TYPE = /^application\/json *(;|$)/i;

export function mountTelemetry(api: Api, intake: RecordIntake, budget: ByteBudget): void {
  api.mount(tellAccesses, ({ c }) => answer(c, budget, (body) => intake.accesses(body)));
  api.mount(tellInstances, ({ c }) => answer(c, budget, (body) => intake.instances(body)));
}

async function answer(
  c: Context,
  budget: ByteBudget,
  take: (body: unknown) => Promise<RecordResult[]>,
): Promise<Response> {
  if (!JSON_MEDIA_TYPE.test(c.req.header('content-type') ?? ''))
    throw new ForeshardError('unsupported_media_type', 'The media type application/json is expected.');
  const { incoming } = c.env as { readonly incoming: IncomingMessage };
  checkAnnounced(incoming, BODY_BYTES_MAX);
  const body = await readBody(incoming, BODY_BYTES_MAX, budget);
  try {
    return c.json({ results: await take(parsed(body.bytes)) }, 202);
  } finally {
    body.release();
  }
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ForeshardError('malformed_body', 'The body is no JSON in UTF-8.', { cause });
  }
}
