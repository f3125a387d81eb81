/** Puts the telemetry routes on the API: reads a bounded JSON body and answers each record's outcome. */
import { ForeshardError } from '@foreshard/core/kernel';
import { telemetry } from '@foreshard/core/operations';
import type { Context } from 'hono';
import type { Api } from '../api/index.ts';
import type { ByteBudget } from '../http/byte-budget.ts';
import { withJsonBody } from '../http/json-body.ts';
import type { RecordIntake, RecordResult } from './record-intake.ts';

/** Five thousand records of two hundred bytes. */
const BODY_BYTES_MAX = 1_048_576;

export function mountTelemetry(api: Api, intake: RecordIntake, budget: ByteBudget): void {
  api.serve(telemetry.accesses, ({ c }) => answer(c, budget, (body) => intake.accesses(body)));
  api.serve(telemetry.instances, ({ c }) => answer(c, budget, (body) => intake.instances(body)));
}

/** As with events: what is good was taken, and the answer is a problem where something was not. */
function answer(
  c: Context,
  budget: ByteBudget,
  take: (body: unknown) => Promise<RecordResult[]>,
): Promise<Response> {
  return withJsonBody(c, { bytesMax: BODY_BYTES_MAX, budget }, async (body) => {
    const results = await take(body);
    const wrong = results.flatMap((result, index) =>
      result.status === 'error' ? [{ ...result, index }] : [],
    );
    const [first] = wrong;
    if (first === undefined) return c.json({ results }, 202);
    const { detail, pointer = '' } = first.error;
    throw new ForeshardError('invalid_record', `${wrong.length} of ${results.length} records: ${detail}`, {
      pointer: Array.isArray(body) ? `/${first.index}${pointer}` : pointer,
      more: { results },
    });
  });
}
