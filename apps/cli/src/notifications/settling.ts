/** Waits until a message was tried, which the worker does. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivery, NotificationStore } from '@foreshard/core/notifying';

/** An answer may take fifteen seconds, and a wake-up that was lost five. */
const TRIED_WITHIN_MS = 25_000;
const LOOK_EVERY_MS = 200;

/** `before`: attempts that were there already. The delivery as it is, also when nobody has tried it in time. */
export async function whenSettled(
  store: Pick<NotificationStore, 'delivery'>,
  id: string,
  before: number,
): Promise<Delivery> {
  const deadline = Date.now() + TRIED_WITHIN_MS;
  for (;;) {
    const found = (await store.delivery(id))!;
    if (found.attempts.length > before || Date.now() > deadline) return found;
    await sleep(LOOK_EVERY_MS);
  }
}
