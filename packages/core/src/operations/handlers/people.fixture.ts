/** Stores of people in memory, with passwords that are their own hash, and callers with roles. */
import { EVERYWHERE, grantsOf, type Role, type RoleGrant, type Scope } from '../../access/index.ts';
import {
  MemoryDevices,
  MemoryLinks,
  MemoryPeople,
  MemorySessions,
} from '../../adapters/identity/people.fixture.ts';
import { type Caller, callerOf } from '../caller.ts';
import type { PasswordHasher } from './account.ts';

export const NOW_MS = 1_790_000_000_000;
const CONSOLE = 'http://console.test';

export const role = (one: Role, scope: Scope = EVERYWHERE): RoleGrant => ({ role: one, scope });

const plainPasswords: PasswordHasher = {
  hash: async (password) => `hash of ${password}`,
  verify: async (passwordHash, password) => passwordHash === `hash of ${password}`,
  fault: (password) => (password.length < 12 ? 'The password needs at least 12 characters.' : undefined),
};

/** Stores with these people, by the part of their e-mail before the @; `clock.ms` may be moved on. */
export async function peopleStores(roles: Readonly<Record<string, readonly RoleGrant[]>>) {
  const clock = { ms: NOW_MS };
  const nowMs = () => clock.ms;
  const people = new MemoryPeople(nowMs);
  for (const [name, granted] of Object.entries(roles)) {
    const passwordHash = await plainPasswords.hash(`password of ${name}`);
    await people.create({ email: `${name}@example.org`, name, roles: granted, passwordHash });
  }
  const sessions = new MemorySessions(people, nowMs);
  let secrets = 0;
  const newSecret = () => {
    secrets += 1;
    return { secret: `secret-${secrets}`, hash: `hash-${secrets}` };
  };
  return {
    ...{
      people,
      sessions,
      devices: new MemoryDevices(nowMs),
      links: new MemoryLinks(nowMs),
      passwords: plainPasswords,
      newSecret,
      nowMs,
      clock,
    },
    ...{ consoleUrl: CONSOLE as string | undefined, sessionIdleMs: 1_000 },
    async signIn(name: string): Promise<string> {
      const person = (await people.byEmail(`${name}@example.org`))!;
      const at = { expiresAt: new Date(NOW_MS + 1_000), address: '192.0.2.1', userAgent: 'a browser' };
      return (await sessions.create({ hash: `${sessions.rows.size}`, personId: person.id, ...at })).id;
    },
    async as(name: string, sessionId?: string): Promise<Caller> {
      const { id, email, roles: granted } = (await people.byEmail(`${name}@example.org`))!;
      const origin = { surface: 'console', address: '', requestId: '' } as const;
      return callerOf(
        { kind: 'person', id, name: email, grants: grantsOf(granted) },
        { ...origin, ...(sessionId === undefined ? {} : { sessionId }) },
      );
    },
  };
}
