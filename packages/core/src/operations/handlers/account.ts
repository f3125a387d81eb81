/** What is done for what everybody may ask and do about the own account. */
import {
  type DeviceSignIn,
  type DeviceStore,
  type Person,
  type PersonSecrets,
  type PersonStore,
  type Principal,
  readUserCode,
  type SessionStore,
  tokenOfRoles,
} from '../../access/index.ts';
import { ForeshardError } from '../../kernel/index.ts';
import type { account } from '../account.ts';
import type { Caller } from '../caller.ts';
import type { OutputOf, RouterHandlers } from '../operation.ts';
import { noSession, sessionDocument } from './sessions.ts';

export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /** `passwordHash` undefined: there is no password; it takes as long, and the answer is `false` */
  verify(passwordHash: string | undefined, password: string): Promise<boolean>;
  /** why it cannot be the password of this person, with the cure; undefined: it can */
  fault(password: string, person: { readonly email: string; readonly name: string }): string | undefined;
}

export interface AccountStores {
  readonly people: PersonStore;
  readonly sessions: SessionStore;
  readonly devices: Pick<DeviceStore, 'byUserCode' | 'decide'>;
  readonly passwords: PasswordHasher;
  readonly sessionIdleMs: number;
  readonly nowMs: () => number;
}

/** As at the sign-in: whoever has taken over a session must not find the password out. */
const FAILURES_MAX = 10;
const LOCK_MS = 15 * 60_000;

export function accountHandlers(stores: AccountStores): RouterHandlers<typeof account> {
  const { people, sessions, devices, passwords, sessionIdleMs, nowMs } = stores;

  async function waiting(code: string): Promise<DeviceSignIn> {
    const found = await devices.byUserCode(readUserCode(code));
    if (found === undefined)
      throw new ForeshardError('not_found', `No command line waits with the code ${readUserCode(code)}.`);
    return found;
  }

  /** The person who asks, also with a token of theirs. @throws ForeshardError forbidden */
  async function ownerOf(caller: Caller): Promise<{ readonly id: string }> {
    const { owner } = caller.principal;
    const found = owner === undefined ? undefined : await people.byEmail(owner);
    return found ?? personOf(caller);
  }

  async function checkPassword(person: Person & PersonSecrets, current: string): Promise<void> {
    if (person.signIn === 'oidc')
      throw new ForeshardError(
        'in_the_way',
        'You sign in at the identity provider: change the password there.',
      );
    const { lockedUntil } = person;
    if (lockedUntil !== undefined && lockedUntil.getTime() > nowMs()) throw locked(lockedUntil);
    if (await passwords.verify(person.passwordHash, current)) return;
    const until = await people.failed(person.id, FAILURES_MAX, LOCK_MS);
    if (until !== undefined) throw locked(until);
    throw new ForeshardError('forbidden', 'The current password is wrong.', { pointer: '/current' });
  }

  return {
    async show(_, { principal }) {
      const person = principal.kind === 'person' ? await people.byId(principal.id) : undefined;
      return accountDocument(principal, person);
    },
    async sessions(_, caller) {
      const found = await sessions.list(sessionIdleMs, personOf(caller).id);
      return { sessions: found.map((session) => sessionDocument(session, caller)) };
    },
    async endSession({ session }, caller) {
      const own = await sessions.list(sessionIdleMs, personOf(caller).id);
      const old = own.find(({ id }) => id === session);
      if (old === undefined || !(await sessions.end(session))) throw noSession(session);
      caller.note?.({ before: sessionDocument(old, caller), after: null });
      return { session, result: 'ended' };
    },
    async endOtherSessions(_, caller) {
      const personId = (await ownerOf(caller)).id;
      const { sessionId } = caller.origin;
      const exceptId = sessionId === undefined ? {} : { exceptId: sessionId };
      return { ended: await sessions.endAll({ personId, ...exceptId }) };
    },
    async changePassword({ current, password }, caller) {
      const { id, name: email } = personOf(caller);
      const person = await people.byEmail(email);
      if (person === undefined || person.id !== id) throw noPerson();
      await checkPassword(person, current);
      const fault = passwords.fault(password, person);
      if (fault !== undefined) throw new ForeshardError('invalid_order', fault, { pointer: '/password' });
      await people.change(id, { passwordHash: await passwords.hash(password) });
      const { sessionId } = caller.origin;
      const sessionsEnded = await sessions.endAll({
        personId: id,
        ...(sessionId === undefined ? {} : { exceptId: sessionId }),
      });
      return { sessionsEnded };
    },
    async device({ code }) {
      const { userCode, device, expiresAt } = await waiting(code);
      return { code: userCode, device, expiresAt: expiresAt.toISOString() };
    },
    async decideDevice({ code, approve }, caller) {
      const { id: personId } = personOf(caller);
      const found = await waiting(code);
      const person = await people.byId(personId);
      if (person === undefined) throw noPerson();
      if (approve && tokenOfRoles(person.roles) === undefined) throw noToken(person);
      if (!(await devices.decide(found.id, personId, approve))) await waiting(code);
      return { device: found.device, result: approve ? 'approved' : 'denied' };
    },
  };
}

/** @throws ForeshardError forbidden */
function personOf({ principal }: Caller): Principal {
  if (principal.kind === 'person') return principal;
  const detail = `The ${principal.kind} "${principal.name}" has no sessions and no password: only people have.`;
  throw new ForeshardError('forbidden', detail);
}

function noToken({ roles }: Person): ForeshardError {
  const why =
    roles.length === 0
      ? 'You have no role, so a token could do nothing.'
      : 'Your roles are limited in different ways, and a token has one limit. Create one on the page API tokens.';
  return new ForeshardError('in_the_way', why);
}

function noPerson(): ForeshardError {
  return new ForeshardError('forbidden', 'Your account was removed.');
}

function locked(until: Date): ForeshardError {
  const detail = `Too many wrong passwords. The next one is taken at ${until.toISOString()}.`;
  return new ForeshardError('forbidden', detail, { pointer: '/current' });
}

function accountDocument(
  { kind, id, name, grants }: Principal,
  person: Person | undefined,
): OutputOf<typeof account.show> {
  return {
    ...{ kind, id, name },
    grants: [...grants],
    person:
      person === undefined
        ? null
        : {
            ...{ name: person.name, signIn: person.signIn, roles: person.roles },
            lastSignInAt: person.lastSignInAt?.toISOString() ?? null,
          },
  };
}
