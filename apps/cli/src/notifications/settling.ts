/** Waits until a message was tried, which the worker does. */
import { setTimeout as sleep } from 'node:timers/promises';
import { notifications, type OutputOf } from '@foreshard/core/operations';
import { type OperationOptions, runOperation } from '../operations/run-operation.ts';

type Delivery = OutputOf<typeof notifications.showDelivery>;

/** An answer may take fifteen seconds, and a wake-up that was lost five. */
const TRIED_WITHIN_MS = 25_000;
const LOOK_EVERY_MS = 400;

/** `before`: attempts that were there already. The delivery as it is, also when nobody has tried it in time. */
export async function whenSettled(id: string, before: number, options: OperationOptions): Promise<Delivery> {
  const deadline = Date.now() + TRIED_WITHIN_MS;
  for (;;) {
    const found = await runOperation(notifications.showDelivery, { id }, options);
    if (found.attempts.length > before || Date.now() > deadline) return found;
    await sleep(LOOK_EVERY_MS);
  }
}
