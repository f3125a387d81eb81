/** Whether a caller may call an operation with this input: judged here for every surface. */
import {
  actorOf,
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
export function targetOf(operation: AnyOperation, input: unknown): Target {
  const { permission, name } = operation;
  const { shape } = operation.input;
  const given = input as Readonly<Record<string, unknown>>;
  const { limitedBy } = PERMISSION_TABLE[permission];
  const member = (one: string) => (typeof given[one] === 'string' ? given[one] : undefined);
  const own = (router: string) => (name.startsWith(`${router}.`) ? member('name') : undefined);
  const ofQuota = name.startsWith('quotas.') && given.scope === 'stream' ? member('subject') : undefined;
  return {
    ...(limitedBy.some((one) => one === 'streams')
      ? { stream: member('stream') ?? own('streams') ?? ofQuota }
      : {}),
    ...(limitedBy.some((one) => one === 'groups') ? { group: member('group') ?? own('groups') } : {}),
    ...(limitedBy.some((one) => one === 'clusters')
      ? {
          cluster: operation.ofEveryCluster
            ? undefined
            : (member('cluster') ?? own('clusters') ?? OWN_CLUSTER),
        }
      : {}),
    ...('key' in shape ? { key: member('key') } : {}),
  };
}

/** Of an operation that is judged later: whether it can be allowed at all; of one that has owners, nothing. @throws ForeshardError forbidden */
export function requireAllowed(operation: AnyOperation, input: unknown, principal: Principal): void {
  const { permission, judgedLater, owned } = operation;
  if (owned === true) return;
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

export interface OwnedGroup {
  readonly group: string;
  /** undefined: it is not known, or was deleted */
  readonly stream: string | undefined;
  /** as `actorOf` names it */
  readonly owner: string | undefined;
}

/** The owner of a consumer group needs no grant on it. */
export function isOwner(principal: Principal, { owner }: OwnedGroup): boolean {
  return owner !== undefined && owner === actorOf(principal);
}

/** @throws ForeshardError forbidden */
export function requireOnGroup(
  principal: Principal,
  permission: 'groups:consume' | 'groups:manage',
  at: OwnedGroup,
): void {
  if (!isOwner(principal, at))
    requirePermission(principal, permission, { group: at.group, stream: at.stream });
}

export function forbidden(principal: Principal, permission: Grant['permissions'][number]): ForeshardError {
  const { allows: what } = PERMISSION_TABLE[permission];
  const who = principal.kind === 'person' ? principal.name : `The ${principal.kind} "${principal.name}"`;
  return new ForeshardError('forbidden', `${who} may not ${what} here (permission ${permission}).`);
}
