/**
 * How people come in: with a password, or with a link that can be used once (the first administrator, an invitation, a
 * new password). Expected refusals are values with the words for the person; nothing in them, and not their time, tells
 * whether an account exists.
 */
import {
  EVERYWHERE,
  hasAdministrator,
  isPlain,
  type LinkKind,
  type LinkStore,
  NOT_PLAIN,
  type OneTimeLink,
  type Person,
  type PersonStore,
  type RoleGrant,
} from '../../access/index.ts';
import type { ProvidedPerson } from './oidc.ts';
import { hashPassword, passwordFault, verifyPassword } from './passwords.ts';
import { hashSecret, newSecret } from './secrets.ts';
import type { Client, NewSession, Sessions } from './sessions.ts';
import type { Throttle } from './throttle.ts';

/** Wrong passwords in a row after which none is taken for LOCKED_MS. */
export const FAILURES_MAX = 10;
export const LOCKED_MS = 15 * 60_000;
/** Of one address, whatever it tries: people behind one proxy share it. */
export const ADDRESS_FAILURES_MAX = 50;
export const ADDRESS_WINDOW_MS = 5 * 60_000;

export const LINK_LIFETIME_MS: Readonly<Record<LinkKind, number>> = Object.freeze({
  'first-administrator': 15 * 60_000,
  invitation: 7 * 86_400_000,
  reset: 3_600_000,
});

const ADMINISTRATOR: readonly RoleGrant[] = [{ role: 'administrator', scope: EVERYWHERE }];
const NAME_LENGTH_MAX = 100;
const EMAIL_LENGTH_MAX = 254;
const AN_EMAIL = /^[^\s@]+@[^\s@]+$/;
const MS_PER_MINUTE = 60_000;

export interface Refused {
  readonly kind: 'refused';
  /** what it is for programs; `wrong-password` is also the answer for an account that does not exist */
  readonly reason:
    | 'wrong-password'
    | 'locked'
    | 'throttled'
    | 'bad-link'
    | 'bad-input'
    | 'taken'
    | 'disabled';
  readonly detail: string;
  /** which field of the form is wrong */
  readonly field?: 'email' | 'name' | 'password';
  readonly retryAfterMs?: number;
}

export type Entered = { readonly kind: 'entered'; readonly entry: NewSession } | Refused;

export interface SigningInParts {
  readonly people: PersonStore;
  readonly links: LinkStore;
  readonly sessions: Sessions;
  readonly byAddress: Throttle;
  readonly byEmail: Throttle;
  readonly nowMs: () => number;
}

export interface PasswordEntry {
  readonly email: string;
  readonly password: string;
}

/** What the person writes when a link is opened. */
export interface LinkEntry {
  readonly secret: string;
  readonly password: string;
  /** of a first administrator */
  readonly email?: string;
  /** of a first administrator and of an invitation */
  readonly name?: string;
}

export class SigningIn {
  private readonly parts: SigningInParts;

  constructor(parts: SigningInParts) {
    this.parts = parts;
  }

  async withPassword({ email: given, password }: PasswordEntry, client: Client): Promise<Entered> {
    const email = given.trim().toLowerCase().slice(0, EMAIL_LENGTH_MAX);
    const waitMs = await this.parts.byAddress.waitMs(client.address);
    if (waitMs > 0) return throttled(waitMs);
    const [person, lockedMs] = await Promise.all([
      this.parts.people.byEmail(email),
      this.parts.byEmail.waitMs(email),
    ]);
    const until = Math.max(lockedMs, (person?.lockedUntil?.getTime() ?? 0) - this.parts.nowMs());
    if (until > 0) return locked(until);
    const isRight = await verifyPassword(person?.passwordHash, password);
    if (!isRight || person === undefined || person.state !== 'active')
      return this.wrong(email, person, client);
    await this.parts.byEmail.forget(email);
    return this.enter(person, client);
  }

  /** Whom the identity provider vouches for; the groups there decide about the roles here. */
  async withProvider(provided: ProvidedPerson, client: Client): Promise<Entered> {
    const { people } = this.parts;
    const { issuer, subject, email, name, roles } = provided;
    const known = await people.byOidc(issuer, subject);
    if (known?.state === 'disabled') return refusal('disabled', 'Your account is disabled.');
    if (known === undefined) {
      const person = await people.create({ email, name, roles, oidc: { issuer, subject } });
      // a local account is not handed over to whoever has its address elsewhere
      return person === undefined ? taken(email) : this.enter(person, client);
    }
    const changed = await people.change(known.id, { name, roles });
    return this.enter(changed === undefined || changed === 'last-administrator' ? known : changed, client);
  }

  /** What a link opens, for the page that asks for the rest. */
  async describe(secret: string, { address }: Client): Promise<OneTimeLink | undefined> {
    const { byAddress, links } = this.parts;
    if ((await byAddress.waitMs(address)) > 0) return undefined;
    const link = await links.byHash(hashSecret(secret));
    if (link === undefined) await byAddress.failed(address);
    return link;
  }

  async withLink(entry: LinkEntry, client: Client): Promise<Entered> {
    const { byAddress, links } = this.parts;
    const waitMs = await byAddress.waitMs(client.address);
    if (waitMs > 0) return throttled(waitMs);
    const link = await links.byHash(hashSecret(entry.secret));
    if (link === undefined) {
      await byAddress.failed(client.address);
      return badLink();
    }
    switch (link.kind) {
      case 'first-administrator':
        return this.firstAdministrator(link, entry, client);
      case 'invitation':
        return this.invited(link, entry, client);
      case 'reset':
        return this.reset(link, entry, client);
    }
  }

  private async wrong(email: string, person: Person | undefined, client: Client): Promise<Refused> {
    const { byAddress, byEmail, people } = this.parts;
    const [until] = await Promise.all([
      person === undefined ? undefined : people.failed(person.id, FAILURES_MAX, LOCKED_MS),
      byEmail.failed(email),
      byAddress.failed(client.address),
    ]);
    const lockedMs = Math.max((until?.getTime() ?? 0) - this.parts.nowMs(), await byEmail.waitMs(email));
    if (lockedMs > 0) return locked(lockedMs);
    return {
      kind: 'refused',
      reason: 'wrong-password',
      detail: 'E-mail or password is wrong. An administrator can give you a link for a new password.',
    };
  }

  private async firstAdministrator(link: OneTimeLink, entry: LinkEntry, client: Client): Promise<Entered> {
    if (await hasAdministrator(this.parts.people))
      return refusal('bad-link', 'There is an administrator already. Ask them for an invitation.');
    return this.create(link, entry.email ?? '', ADMINISTRATOR, entry, client);
  }

  private invited(link: OneTimeLink, entry: LinkEntry, client: Client): Promise<Entered> {
    return this.create(link, link.email ?? '', link.roles, entry, client);
  }

  private async create(
    link: OneTimeLink,
    givenEmail: string,
    roles: readonly RoleGrant[],
    { name: givenName = '', password }: LinkEntry,
    client: Client,
  ): Promise<Entered> {
    const { people, links } = this.parts;
    const made = newAccount(givenEmail, givenName, password);
    if (made.kind === 'refused') return made;
    const { email, name } = made;
    if ((await people.byEmail(email)) !== undefined) return taken(email);
    const passwordHash = await hashPassword(password);
    // the link goes first: of two who use it at once, one comes in
    if (!(await links.use(link.id))) return badLink();
    const person = await people.create({ email, name, roles, passwordHash });
    return person === undefined ? taken(email) : this.enter(person, client);
  }

  private async reset(link: OneTimeLink, { password }: LinkEntry, client: Client): Promise<Entered> {
    const { people, links, sessions, byEmail } = this.parts;
    const person = link.email === undefined ? undefined : await people.byEmail(link.email);
    if (person === undefined || person.state !== 'active') return badLink();
    const fault = passwordFault(password, person);
    if (fault !== undefined) return refusal('bad-input', fault, 'password');
    const passwordHash = await hashPassword(password);
    if (!(await links.use(link.id))) return badLink();
    await people.change(person.id, { passwordHash });
    await sessions.endOthers(person.id);
    await byEmail.forget(person.email);
    return this.enter(person, client);
  }

  private async enter(person: Person, client: Client): Promise<Entered> {
    const entry = await this.parts.sessions.start(person, client);
    await this.parts.people.signedIn(person.id);
    return { kind: 'entered', entry };
  }
}

/** Answers the secret of the link, which is kept nowhere. */
export async function makeLink(
  links: Pick<LinkStore, 'create'>,
  link: NewLink,
  nowMs: number,
): Promise<{ readonly secret: string; readonly expiresAt: Date }> {
  const secret = newSecret();
  const expiresAt = new Date(nowMs + LINK_LIFETIME_MS[link.kind]);
  await links.create({ ...link, hash: hashSecret(secret), expiresAt });
  return { secret, expiresAt };
}

interface NewLink {
  readonly kind: LinkKind;
  readonly email?: string;
  readonly roles?: readonly RoleGrant[];
  readonly createdBy: string;
}

/** Where a link leads: the secret stands in the fragment, which is sent to no server and is in no log. */
export function linkAddress(consoleUrl: string, secret: string): string {
  return `${consoleUrl.replace(/\/+$/, '')}/welcome#${secret}`;
}

/** An account without a link: of the first administrator of an unattended start. */
export async function createAdministrator(
  people: PersonStore,
  { email: givenEmail, password }: PasswordEntry,
): Promise<Person | Refused> {
  const made = newAccount(givenEmail, givenEmail.split('@')[0]!, password);
  if (made.kind === 'refused') return made;
  const { email, name } = made;
  const passwordHash = await hashPassword(password);
  const person = await people.create({ email, name, roles: ADMINISTRATOR, passwordHash });
  return person ?? taken(email);
}

function newAccount(givenEmail: string, givenName: string, password: string) {
  const email = givenEmail.trim().toLowerCase();
  const name = givenName.trim();
  if (email.length > EMAIL_LENGTH_MAX || !AN_EMAIL.test(email) || !isPlain(email))
    return refusal('bad-input', 'This is not an e-mail address.', 'email');
  if (name === '' || name.length > NAME_LENGTH_MAX)
    return refusal('bad-input', `A name of 1 to ${NAME_LENGTH_MAX} characters is needed.`, 'name');
  if (!isPlain(name)) return refusal('bad-input', `A name ${NOT_PLAIN} is needed.`, 'name');
  const fault = passwordFault(password, { email, name });
  if (fault !== undefined) return refusal('bad-input', fault, 'password');
  return { kind: 'account', email, name } as const;
}

function refusal(reason: Refused['reason'], detail: string, field?: NonNullable<Refused['field']>): Refused {
  return { kind: 'refused', reason, detail, ...(field === undefined ? {} : { field }) };
}

function badLink(): Refused {
  return refusal(
    'bad-link',
    'This link was used already or has expired. Ask for a new one; on the machine of the control plane: "foreshard users link".',
  );
}

function taken(email: string): Refused {
  return refusal('taken', `There is an account for ${email} already.`, 'email');
}

function locked(ms: number): Refused {
  const detail = `Too many wrong passwords. Try again in ${minutes(ms)}, or ask an administrator for a link.`;
  return { kind: 'refused', reason: 'locked', detail, retryAfterMs: ms };
}

function throttled(ms: number): Refused {
  const detail = `Too many attempts from your network. Try again in ${minutes(ms)}.`;
  return { kind: 'refused', reason: 'throttled', detail, retryAfterMs: ms };
}

function minutes(ms: number): string {
  const count = Math.ceil(ms / MS_PER_MINUTE);
  return count === 1 ? '1 minute' : `${count} minutes`;
}
