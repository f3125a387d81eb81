/** What is done for operations on people. */
import type { LinkStore, OneTimeLink, Person, PersonStore, SessionStore } from '../../access/index.ts';
import { ForeshardError } from '../../kernel/index.ts';
import type { OutputOf, RouterHandlers } from '../operation.ts';
import type { users } from '../users.ts';
import { lastAdministrator, noPerson, personNamed, requireAbove, requireCovered } from './people.ts';

/** A value that nobody can guess, and what is kept of it. */
export interface NewSecret {
  readonly secret: string;
  /** SHA-256, in hex */
  readonly hash: string;
}

export interface UserStores {
  readonly people: PersonStore;
  readonly sessions: SessionStore;
  readonly links: LinkStore;
  readonly newSecret: () => NewSecret;
  /** where the console is, without a slash at the end */
  readonly consoleUrl: string | undefined;
  readonly nowMs: () => number;
}

type UserDocument = OutputOf<typeof users.show>;
type LinkDocument = OutputOf<typeof users.link>;

const MS_PER_HOUR = 3_600_000;
/** Long enough for a person who is on holiday. */
const INVITATION_MS = 7 * 24 * MS_PER_HOUR;
/** It opens an account that is in use. */
const RESET_MS = MS_PER_HOUR;
/** The page that redeems links. What follows # is not sent to the server, so no log has it. */
const LINK_PAGE = '/welcome#';

export function userHandlers(stores: UserStores): RouterHandlers<typeof users> {
  const { people, sessions, links, nowMs } = stores;

  /** The secret is in the answer and nowhere else. */
  async function linkFor(
    link: Pick<Parameters<LinkStore['create']>[0], 'kind' | 'createdBy' | 'roles'> & { email: string },
    lifetimeMs: number,
  ): Promise<LinkDocument> {
    const { secret, hash } = stores.newSecret();
    const made = await links.create({ ...link, hash, expiresAt: new Date(nowMs() + lifetimeMs) });
    const path = LINK_PAGE + secret;
    const url = stores.consoleUrl === undefined ? null : stores.consoleUrl.replace(/\/$/, '') + path;
    return { id: made.id, email: link.email, path, url, expiresAt: made.expiresAt.toISOString() };
  }

  return {
    async list() {
      return { users: (await people.list()).map((person) => userDocument(person, nowMs())) };
    },
    async show({ user }) {
      return userDocument(await personNamed(people, user), nowMs());
    },
    async invite({ email, roles }, caller) {
      requireCovered(caller, roles);
      if ((await people.byEmail(email)) !== undefined)
        throw new ForeshardError('conflict', `${email} is here already. Change the roles instead.`);
      return linkFor({ kind: 'invitation', email, roles, createdBy: caller.actor }, INVITATION_MS);
    },
    async link({ user }, caller) {
      const person = await personNamed(people, user);
      requireAbove(caller, person);
      if (person.signIn === 'oidc')
        throw new ForeshardError(
          'in_the_way',
          `${person.email} signs in at the identity provider and has no password here.`,
        );
      return linkFor({ kind: 'reset', email: person.email, createdBy: caller.actor }, RESET_MS);
    },
    async change({ user, name, roles, state }, caller) {
      const person = await personNamed(people, user);
      requireAbove(caller, person);
      if (roles !== undefined) requireCovered(caller, roles);
      const changed = await people.change(person.id, {
        ...(name === undefined ? {} : { name }),
        ...(roles === undefined ? {} : { roles }),
        ...(state === undefined ? {} : { state }),
      });
      if (changed === undefined) throw noPerson(user);
      if (changed === 'last-administrator') throw lastAdministrator(person.email);
      // sessions of the disabled hold no more in any case: this is so that they do not come back when enabled
      if (state === 'disabled') await sessions.endAll({ personId: person.id });
      const document = userDocument(changed, nowMs());
      caller.note?.({ before: userDocument(person, nowMs()), after: document });
      return document;
    },
    async remove({ user }, caller) {
      const person = await personNamed(people, user);
      requireAbove(caller, person);
      const removed = await people.remove(person.id);
      if (removed === undefined) throw noPerson(user);
      if (removed === 'last-administrator') throw lastAdministrator(person.email);
      caller.note?.({ before: userDocument(person, nowMs()), after: null });
      return { user: person.id, email: person.email, result: 'removed' };
    },
    async invitations() {
      return { invitations: (await links.open()).map(invitationDocument) };
    },
    async revokeInvitation({ invitation }, { note }) {
      const old = (await links.open()).find(({ id }) => id === invitation);
      if (old === undefined || !(await links.revoke(invitation)))
        throw new ForeshardError('not_found', `There is no open invitation ${invitation}.`);
      note?.({ before: invitationDocument(old), after: null });
      return { invitation, result: 'revoked' };
    },
  };
}

function userDocument(person: Person, atMs: number): UserDocument {
  const { id, email, name, roles, state, signIn, createdAt, lastSignInAt, lockedUntil } = person;
  return {
    ...{ id, email, name, state, signIn },
    roles,
    createdAt: createdAt.toISOString(),
    lastSignInAt: lastSignInAt?.toISOString() ?? null,
    lockedUntil: lockedUntil !== undefined && lockedUntil.getTime() > atMs ? lockedUntil.toISOString() : null,
  };
}

function invitationDocument({ id, email = '', roles, createdBy, createdAt, expiresAt }: OneTimeLink) {
  return {
    ...{ id, email, createdBy },
    roles,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
  };
}
