/** Who calls: a person, a token or one of our own processes, with what it may do. */
import type { Grant } from './grants.ts';
import { EVERYWHERE } from './grants.ts';
import { PERMISSIONS } from './permissions.ts';

export const PRINCIPAL_KINDS = ['person', 'token', 'process'] as const;
export type PrincipalKind = (typeof PRINCIPAL_KINDS)[number];

export interface Principal {
  readonly kind: PrincipalKind;
  readonly id: string;
  /** e-mail of a person, name of a token or a process */
  readonly name: string;
  /** of a token: e-mail of the person whose it is */
  readonly owner?: string | undefined;
  readonly grants: readonly Grant[];
}

const EVERYTHING: readonly Grant[] = Object.freeze([{ permissions: PERMISSIONS, scope: EVERYWHERE }]);

/** One of our own processes, or whoever acts on the stores of the control plane itself. */
export function processPrincipal(name: string): Principal {
  return { kind: 'process', id: name, name, grants: EVERYTHING };
}

/**
 * Two approvals of one person are one, whatever they came with. Null: no person stands behind it. A token without an owner
 * may be used by somebody who has approved as a person, and a process is nobody.
 */
export function personBehind({
  kind,
  name,
  owner,
}: Pick<Principal, 'kind' | 'name' | 'owner'>): string | null {
  return kind === 'person' ? name : (owner ?? null);
}

/** As the change log, the journal and the audit log name it. A person is known by the e-mail alone. */
export function actorOf({ kind, name }: Pick<Principal, 'kind' | 'name'>): string {
  return kind === 'token' ? `token:${name}` : name;
}
