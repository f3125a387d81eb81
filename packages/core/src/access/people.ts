/** People, their sessions and one-time links: what is kept of them, and the ports to where it is kept. */
import type { RoleGrant } from './roles.ts';

export interface Person {
  readonly id: string;
  /** lower case; unique */
  readonly email: string;
  readonly name: string;
  readonly roles: readonly RoleGrant[];
  readonly state: 'active' | 'disabled';
  /** `password`: a local account; `oidc`: signs in at the identity provider only */
  readonly signIn: 'password' | 'oidc';
  readonly createdAt: Date;
  readonly lastSignInAt: Date | undefined;
  /** too many wrong passwords: none is taken before this */
  readonly lockedUntil: Date | undefined;
}

/** What signing in needs beside it. */
export interface PersonSecrets {
  /** argon2id, PHC string; undefined: no password was set */
  readonly passwordHash: string | undefined;
  readonly failures: number;
}

export interface NewPerson {
  readonly email: string;
  readonly name: string;
  readonly roles: readonly RoleGrant[];
  readonly passwordHash?: string;
  readonly oidc?: { readonly issuer: string; readonly subject: string };
}

export interface PersonChange {
  readonly name?: string;
  readonly roles?: readonly RoleGrant[];
  readonly state?: Person['state'];
  readonly passwordHash?: string;
}

export interface PersonStore {
  list(): Promise<readonly Person[]>;
  byId(id: string): Promise<Person | undefined>;
  byEmail(email: string): Promise<(Person & PersonSecrets) | undefined>;
  byOidc(issuer: string, subject: string): Promise<Person | undefined>;
  /** `undefined` when the e-mail is taken. */
  create(person: NewPerson): Promise<Person | undefined>;
  /** `undefined` when there is no such person; `last-administrator` when nobody would be left who manages people. */
  change(id: string, change: PersonChange): Promise<Person | 'last-administrator' | undefined>;
  /** Like `change`; sessions and links go with the person. */
  remove(id: string): Promise<'removed' | 'last-administrator' | undefined>;
  /** Counts a wrong password and locks the account for `lockMs` at `failuresMax`; answers until when. */
  failed(id: string, failuresMax: number, lockMs: number): Promise<Date | undefined>;
  signedIn(id: string): Promise<void>;
}

export interface Session {
  readonly id: string;
  readonly person: Person;
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
  readonly address: string;
  readonly userAgent: string;
}

export interface SessionStore {
  /** `hash`: SHA-256 of the cookie's value, in hex */
  create(session: {
    readonly hash: string;
    readonly personId: string;
    readonly expiresAt: Date;
    readonly address: string;
    readonly userAgent: string;
  }): Promise<Session>;
  /** Of sessions that are neither ended, nor expired, nor unused for `idleMs`, of people who are active. */
  byHash(hash: string, idleMs: number): Promise<Session | undefined>;
  /** Notes that it was used, at most once a minute. */
  seen(id: string): Promise<void>;
  /** Those that could be used, newest first. */
  list(idleMs: number, personId?: string): Promise<readonly Session[]>;
  end(id: string): Promise<boolean>;
  /** All of one person, or of everybody; answers how many. */
  endAll(who: { readonly personId?: string; readonly exceptId?: string }): Promise<number>;
}

export const LINK_KINDS = ['first-administrator', 'invitation', 'reset'] as const;
export type LinkKind = (typeof LINK_KINDS)[number];

/** What a one-time link opens. */
export interface OneTimeLink {
  readonly id: string;
  readonly kind: LinkKind;
  /** of an invitation or a reset */
  readonly email: string | undefined;
  /** what an invited person becomes */
  readonly roles: readonly RoleGrant[];
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly usedAt: Date | undefined;
}

export interface LinkStore {
  /** `hash`: SHA-256 of the link's secret, in hex. A first administrator's link replaces older ones of its kind. */
  create(link: {
    readonly hash: string;
    readonly kind: LinkKind;
    readonly email?: string;
    readonly roles?: readonly RoleGrant[];
    readonly createdBy: string;
    readonly expiresAt: Date;
  }): Promise<OneTimeLink>;
  /** What can still be used. */
  byHash(hash: string): Promise<OneTimeLink | undefined>;
  /** Exactly one caller gets `true`. */
  use(id: string): Promise<boolean>;
  /** Invitations nobody has used yet. */
  open(): Promise<readonly OneTimeLink[]>;
  revoke(id: string): Promise<boolean>;
}

/** Is there somebody who can manage people, and needs no identity provider to come in? */
export async function hasAdministrator(people: Pick<PersonStore, 'list'>): Promise<boolean> {
  const all = await people.list();
  return all.some(
    ({ roles, state, signIn }) =>
      state === 'active' && signIn === 'password' && roles.some(({ role }) => role === 'administrator'),
  );
}
