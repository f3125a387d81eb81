/** Whether a caller may call an operation with this input: judged here for every surface. */
import {
  allows,
  type Grant,
  mentions,
  OWN_CLUSTER,
  PERMISSION_TABLE,
  type Principal,
  type Target,
} from '../access/index.ts';
import { ForeshardError } from '../kernel/index.ts';
import type { AnyOperation } from './operation.ts';

/** What an operation is about with this input, as grants are limited. */
export function targetOf({ permission, input: { shape }, name }: AnyOperation, input: unknown): Target {
  const given = input as Readonly<Record<string, unknown>>;
  const { limitedBy } = PERMISSION_TABLE[permission];
  const member = (one: string) => (typeof given[one] === 'string' ? given[one] : undefined);
  const own = (router: string) => (name.startsWith(`${router}.`) ? member('name') : undefined);
  return {
    ...(limitedBy.some((one) => one === 'streams') ? { stream: member('stream') ?? own('streams') } : {}),
    ...(limitedBy.some((one) => one === 'groups') ? { group: member('group') ?? own('groups') } : {}),
    ...(limitedBy.some((one) => one === 'clusters')
      ? { cluster: member('cluster') ?? own('clusters') ?? OWN_CLUSTER }
      : {}),
    ...('key' in shape ? { key: member('key') } : {}),
  };
}

/** Of an operation that is judged later: whether it can be allowed at all. @throws ForeshardError forbidden */
export function requireAllowed(operation: AnyOperation, input: unknown, principal: Principal): void {
  const { permission, judgedLater } = operation;
  if (judgedLater === true && mentions(principal.grants, permission)) return;
  if (allows(principal.grants, permission, targetOf(operation, input))) return;
  throw forbidden(principal, permission);
}

/** @throws ForeshardError forbidden; for what is known only once something was looked up */
export function requirePermission(
  principal: Principal,
  permission: Grant['permissions'][number],
  target: Target,
): void {
  if (!allows(principal.grants, permission, target)) throw forbidden(principal, permission);
}

export function forbidden(principal: Principal, permission: Grant['permissions'][number]): ForeshardError {
  const { allows: what } = PERMISSION_TABLE[permission];
  const who = principal.kind === 'person' ? principal.name : `The ${principal.kind} "${principal.name}"`;
  return new ForeshardError('forbidden', `${who} may not ${what} here (permission ${permission}).`);
}
