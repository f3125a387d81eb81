/** How the refusals of the topology store, and stores that are away, become codes of the one catalogue of errors. */
import { type ErrorCode, ForeshardError } from '../../kernel/index.ts';
import type { DecisionReply, Refusal } from '../../topology/index.ts';

const RETRY_AFTER_SECONDS = 5;

const CODES = {
  changed: 'conflict',
  exists: 'in_the_way',
  in_use: 'in_the_way',
  not_allowed: 'invalid_order',
  unexamined: 'unexamined',
} as const satisfies Record<Exclude<Refusal['reason'], 'unknown'>, ErrorCode>;

/** What an operation is about, where it does not exist. */
export type Unknown = Extract<ErrorCode, `unknown_${string}`>;

export function refused({ reason, detail }: Refusal, unknown: Unknown, more?: object): ForeshardError {
  const code = reason === 'unknown' ? unknown : CODES[reason];
  return new ForeshardError(code, detail, more === undefined ? {} : { more: { ...more } });
}

/** @throws ForeshardError for a refusal */
export function accepted<R>(reply: DecisionReply<R>, unknown: Unknown): R {
  if (reply.kind === 'refused') throw refused(reply.refusal, unknown);
  return reply.result;
}

const STORES_AWAY: readonly string[] = ['DatabaseUnreachable', 'StoreLate'];

/**
 * What a handler throws when it cannot reach something, as every surface reports it. By name, since adapters throw
 * these; anything else is a fault and stays as it is.
 */
export function asForeshardError(error: unknown): unknown {
  const { name, message } = (error ?? {}) as Partial<Error>;
  const more = { retryAfterSeconds: RETRY_AFTER_SECONDS, cause: error };
  if (name === 'HostUnreachable') return new ForeshardError('host_unreachable', message ?? '', more);
  if (name === 'ControlRedisUnreachable')
    return new ForeshardError(
      'store_unreachable',
      'The control Redis does not answer: no job was asked to run.',
      more,
    );
  if (name === undefined || !STORES_AWAY.includes(name)) return error;
  return new ForeshardError(
    'store_unreachable',
    'PostgreSQL does not answer, where the control plane keeps what this needs; nothing is known to have changed.',
    more,
  );
}
