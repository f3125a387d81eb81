/** People as operations name them: by id or e-mail; and who may manage whom. */
import { coversRoles, type Person, type PersonStore, type RoleGrant } from '../../access/index.ts';
import { ForeshardError } from '../../kernel/index.ts';
import type { Caller } from '../caller.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @throws ForeshardError not_found */
export async function personNamed(people: PersonStore, user: string): Promise<Person> {
  const found = user.includes('@') ? await people.byEmail(user.toLowerCase()) : await byId(people, user);
  if (found === undefined) throw noPerson(user);
  return found;
}

/** The database would take anything but a UUID for a fault of ours. */
function byId(people: PersonStore, id: string): Promise<Person | undefined> {
  return UUID.test(id) ? people.byId(id) : Promise.resolve(undefined);
}

export function noPerson(user: string): ForeshardError {
  return new ForeshardError('not_found', `There is no person "${user}".`);
}

/**
 * Nobody manages people who may do more: a link for a new password would be a way to their permissions.
 * @throws ForeshardError forbidden
 */
export function requireAbove({ principal }: Caller, { email, roles }: Person): void {
  if (coversRoles(principal.grants, roles)) return;
  throw new ForeshardError('forbidden', `${email} may do more than you, so somebody else must decide this.`);
}

/** @throws ForeshardError forbidden */
export function requireCovered({ principal }: Caller, roles: readonly RoleGrant[]): void {
  if (coversRoles(principal.grants, roles)) return;
  const detail = 'These roles permit more than you may do yourself. Nobody can give what they do not have.';
  throw new ForeshardError('forbidden', detail, { pointer: '/roles' });
}

export function lastAdministrator(email: string): ForeshardError {
  return new ForeshardError(
    'in_the_way',
    `${email} is the last person who can manage people with a password. Make somebody else administrator first.`,
  );
}
