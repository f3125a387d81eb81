/**
 * One message to one target, and what became of it. It stays in the database until it was taken or given up, so a
 * worker may die at any point; a message that arrived while its answer got lost comes again under the same id.
 */

export const DELIVERY_STATES = ['waiting', 'delivered', 'failed'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** What was tried once. */
export interface Attempt {
  readonly atMs: number;
  readonly durationMs: number;
  /** null: there was no answer */
  readonly status: number | null;
  /** the beginning of the answer, or why there was none */
  readonly response: string;
  /** false when it would be refused however often it is tried */
  readonly mayPass: boolean;
}

export interface NewDelivery {
  /** `webhook-id`: the same at every attempt */
  readonly id: string;
  readonly target: string;
  /** what it is about, in one line of the log */
  readonly title: string;
  readonly body: string;
  readonly createdMs: number;
}

export interface Delivery extends NewDelivery {
  readonly state: DeliveryState;
  /** since it was made or sent anew */
  readonly failures: number;
  /** not tried before; meaningless when it has ended */
  readonly nextMs: number;
  /** oldest first */
  readonly attempts: readonly Attempt[];
}

/** A receiver that restarts, is deployed anew, sleeps over the lunch, or a night. */
const WAITS_MS = [5_000, 30_000, 120_000, 600_000, 1_800_000, 7_200_000, 18_000_000];
/** More would only be the same line again. */
const ATTEMPTS_KEPT = 20;
const GONE = 410;

/** `random` in [0, 1): up to a fifth later, so that many that failed together do not come together. */
export function afterAttempt(delivery: Delivery, attempt: Attempt, random: number): Delivery {
  const attempts = [...delivery.attempts, attempt].slice(-ATTEMPTS_KEPT);
  const { status, mayPass } = attempt;
  if (status !== null && status >= 200 && status < 300)
    return { ...delivery, attempts, state: 'delivered', failures: 0 };
  const failures = delivery.failures + 1;
  const waitMs = WAITS_MS[failures - 1];
  if (!mayPass || status === GONE || waitMs === undefined)
    return { ...delivery, attempts, failures, state: 'failed' };
  return { ...delivery, attempts, failures, nextMs: attempt.atMs + waitMs * (1 + random / 5) };
}
