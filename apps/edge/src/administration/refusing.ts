/** What T refuses, and stores that do not answer, as problems of the API. */
import { HostUnreachable } from '@foreshard/core/hosts';
import { type ErrorCode, ForeshardError } from '@foreshard/core/kernel';
import type { Operator } from '@foreshard/core/migration';
import type { DecisionReply, Refusal } from '@foreshard/core/topology';
import { answeredInTime, isStoreAway } from '../http/reaching-store.ts';
import type { AdministrationParts, Caller } from './parts.ts';

const RETRY_AFTER_SECONDS = 5;

const CODES = {
  changed: 'conflict',
  exists: 'in_the_way',
  in_use: 'in_the_way',
  not_allowed: 'invalid_order',
  unexamined: 'unexamined',
} as const satisfies Record<Exclude<Refusal['reason'], 'unknown'>, ErrorCode>;

export type Subject = 'unknown_shardlet' | 'unknown_host';

/** `subject`: what the order is about, where T does not know it. */
export function refused({ reason, detail }: Refusal, subject: Subject, more?: object): ForeshardError {
  const code = reason === 'unknown' ? subject : CODES[reason];
  return new ForeshardError(code, detail, more === undefined ? {} : { more: { ...more } });
}

/** @throws ForeshardError for a refusal */
export function accepted<R>(reply: DecisionReply<R>, subject: Subject): R {
  if (reply.kind === 'refused') throw refused(reply.refusal, subject);
  return reply.result;
}

/** @throws ForeshardError store_unreachable, host_unreachable */
export async function reaching<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await answeredInTime(call());
  } catch (cause) {
    const more = { retryAfterSeconds: RETRY_AFTER_SECONDS, cause };
    if (cause instanceof HostUnreachable) throw new ForeshardError('host_unreachable', cause.message, more);
    if (!isStoreAway(cause)) throw cause;
    throw new ForeshardError(
      'store_unreachable',
      'The store of the topology and of the moves does not answer; nothing is known to have been decided.',
      more,
    );
  }
}

export function operatorOf({ topology, moves, wake, nowMs }: AdministrationParts, caller: Caller): Operator {
  return { topology, moves, wake, nowMs, actor: caller.actor };
}
