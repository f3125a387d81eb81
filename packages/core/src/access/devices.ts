/**
 * A command line that asks to act as a person (RFC 8628): it shows a code, the person approves it in the console, and it
 * is handed a token once. A token has one limit, so the roles of the person must have one as well.
 */
import type { Scope } from './grants.ts';
import type { Permission } from './permissions.ts';
import { ROLE_PERMISSIONS, type RoleGrant } from './roles.ts';

/** A code is approved within this time. */
export const DEVICE_LIFETIME_MS = 10 * 60_000;
/** A command line asks as often. */
export const DEVICE_POLL_MS = 3_000;

export interface DeviceSignIn {
  readonly id: string;
  readonly userCode: string;
  /** the name of the machine, as it says */
  readonly device: string;
  readonly expiresAt: Date;
  readonly state: 'pending' | 'approved' | 'denied';
  /** who decided */
  readonly personId: string | undefined;
}

export interface DeviceStore {
  /** `hash`: SHA-256 of the device code, in hex */
  create(asked: {
    readonly hash: string;
    readonly userCode: string;
    readonly device: string;
    readonly expiresAt: Date;
  }): Promise<void>;
  /** One that nobody has decided about yet. */
  byUserCode(userCode: string): Promise<DeviceSignIn | undefined>;
  /** One that was not used yet. */
  byHash(hash: string): Promise<DeviceSignIn | undefined>;
  /** Exactly one decision counts. */
  decide(id: string, personId: string, isApproved: boolean): Promise<boolean>;
  /** Exactly one caller gets `true`. */
  use(id: string): Promise<boolean>;
}

/** What a token of a person may do; undefined: the roles are limited in different ways. */
export function tokenOfRoles(
  roles: readonly RoleGrant[],
): { readonly permissions: readonly Permission[]; readonly scope: Scope } | undefined {
  const scopes = new Set(roles.map(({ scope }) => JSON.stringify(scope)));
  const [first] = roles;
  if (first === undefined || scopes.size !== 1) return undefined;
  const permitted = roles.flatMap(({ role }) => ROLE_PERMISSIONS[role]);
  // as every person, it sees who it is
  const permissions = [...new Set<Permission>([...permitted, 'account:use'])];
  return { permissions, scope: first.scope };
}

/** Without letters that look alike or make words. */
const CODE_LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
const CODE_LENGTH = 8;

/** `random`: a whole number from 0 up to, not with, its argument */
export function newUserCode(random: (below: number) => number): string {
  const letters = Array.from({ length: CODE_LENGTH }, () => CODE_LETTERS[random(CODE_LETTERS.length)]).join(
    '',
  );
  return `${letters.slice(0, CODE_LENGTH / 2)}-${letters.slice(CODE_LENGTH / 2)}`;
}

/** As people type it: in any case, with or without the dash. */
export function readUserCode(text: string): string {
  const letters = text.toUpperCase().replaceAll(/[^A-Z]/g, '');
  return `${letters.slice(0, CODE_LENGTH / 2)}-${letters.slice(CODE_LENGTH / 2)}`;
}
