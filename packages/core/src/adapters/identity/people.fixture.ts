/** People, sessions and links in memory, for tests of what is built on their ports. */
import {
  allows,
  type DeviceSignIn,
  type DeviceStore,
  grantsOf,
  type LinkStore,
  type OneTimeLink,
  type Person,
  type PersonSecrets,
  type PersonStore,
  type Session,
  type SessionStore,
} from '../../access/index.ts';

type Kept<T> = { -readonly [K in keyof T]: T[K] };
type KeptPerson = Kept<Person & PersonSecrets> & { oidc?: { issuer: string; subject: string } };

export class MemoryPeople implements PersonStore {
  readonly rows = new Map<string, KeptPerson>();
  private readonly nowMs: () => number;
  private made = 0;

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  async list() {
    return [...this.rows.values()];
  }

  async byId(id: string) {
    return this.rows.get(id);
  }

  async byEmail(email: string) {
    return [...this.rows.values()].find((one) => one.email === email);
  }

  async byOidc(issuer: string, subject: string) {
    return [...this.rows.values()].find(({ oidc }) => oidc?.issuer === issuer && oidc.subject === subject);
  }

  async create({ email, name, roles, passwordHash, oidc }: Parameters<PersonStore['create']>[0]) {
    if ((await this.byEmail(email)) !== undefined) return undefined;
    this.made += 1;
    const person: KeptPerson = {
      ...{ id: `person-${this.made}`, email, name, roles, state: 'active', failures: 0 },
      signIn: oidc === undefined ? 'password' : 'oidc',
      createdAt: new Date(this.nowMs()),
      ...{ lastSignInAt: undefined, lockedUntil: undefined, passwordHash },
      ...(oidc === undefined ? {} : { oidc }),
    };
    this.rows.set(person.id, person);
    return person;
  }

  async change(id: string, change: Parameters<PersonStore['change']>[1]) {
    const person = this.rows.get(id);
    if (person === undefined) return undefined;
    if (this.isLast(id) && !isAdministrator({ ...person, ...change })) return 'last-administrator' as const;
    const unlocked = change.passwordHash === undefined ? {} : { failures: 0, lockedUntil: undefined };
    // whoever has read the person keeps what was read
    const changed = { ...person, ...change, ...unlocked };
    this.rows.set(id, changed);
    return changed;
  }

  async remove(id: string) {
    if (this.isLast(id)) return 'last-administrator' as const;
    return this.rows.delete(id) ? ('removed' as const) : undefined;
  }

  async failed(id: string, failuresMax: number, lockMs: number) {
    const person = this.rows.get(id)!;
    person.failures += 1;
    if (person.failures < failuresMax) return undefined;
    person.failures = 0;
    person.lockedUntil = new Date(this.nowMs() + lockMs);
    return person.lockedUntil;
  }

  private isLast(id: string): boolean {
    const administrators = [...this.rows.values()].filter(isAdministrator);
    return administrators.length === 1 && administrators[0]!.id === id;
  }

  async signedIn(id: string) {
    const person = this.rows.get(id)!;
    Object.assign(person, { failures: 0, lockedUntil: undefined, lastSignInAt: new Date(this.nowMs()) });
  }
}

function isAdministrator({ roles, state }: Pick<Person, 'roles' | 'state'>): boolean {
  return state === 'active' && allows(grantsOf(roles), 'users:manage');
}

export class MemorySessions implements SessionStore {
  readonly rows = new Map<string, Kept<Session> & { hash: string; endedAt?: Date }>();
  /** thrown by every call, as by a database that is away */
  fault: Error | undefined;
  lookUps = 0;
  private readonly people: MemoryPeople;
  private readonly nowMs: () => number;

  constructor(people: MemoryPeople, nowMs: () => number) {
    this.people = people;
    this.nowMs = nowMs;
  }

  async create({ hash, personId, expiresAt, address, userAgent }: Parameters<SessionStore['create']>[0]) {
    const at = new Date(this.nowMs());
    const person = this.people.rows.get(personId)!;
    const id = `session-${this.rows.size + 1}`;
    const row = { id, hash, person, createdAt: at, lastSeenAt: at, expiresAt, address, userAgent };
    this.rows.set(id, row);
    return row;
  }

  async byHash(hash: string, idleMs: number) {
    this.lookUps += 1;
    if (this.fault !== undefined) throw this.fault;
    const row = [...this.rows.values()].find((one) => one.hash === hash);
    if (row === undefined || row.endedAt !== undefined) return undefined;
    const person = this.people.rows.get(row.person.id);
    if (person === undefined || person.state !== 'active') return undefined;
    const nowMs = this.nowMs();
    if (row.expiresAt.getTime() <= nowMs || nowMs - row.lastSeenAt.getTime() > idleMs) return undefined;
    return { ...row, person: { ...person } };
  }

  async seen(id: string) {
    this.rows.get(id)!.lastSeenAt = new Date(this.nowMs());
  }

  async list(_idleMs: number, personId?: string) {
    return [...this.rows.values()].filter(
      ({ endedAt, person }) => endedAt === undefined && (personId === undefined || person.id === personId),
    );
  }

  async end(id: string) {
    const row = this.rows.get(id);
    if (row === undefined || row.endedAt !== undefined) return false;
    row.endedAt = new Date(this.nowMs());
    return true;
  }

  async endAll({ personId, exceptId }: Parameters<SessionStore['endAll']>[0]) {
    const ended = (await this.list(0)).filter(
      ({ id, person }) => id !== exceptId && (personId === undefined || person.id === personId),
    );
    for (const { id } of ended) await this.end(id);
    return ended.length;
  }
}

export class MemoryLinks implements LinkStore {
  readonly rows = new Map<string, Kept<OneTimeLink> & { hash: string }>();
  private readonly nowMs: () => number;

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  async create({ email, roles = [], ...link }: Parameters<LinkStore['create']>[0]) {
    const id = `link-${this.rows.size + 1}`;
    const row = { id, email, roles, ...link, createdAt: new Date(this.nowMs()), usedAt: undefined };
    this.rows.set(id, row);
    return row;
  }

  async byHash(hash: string) {
    return (await this.open()).find((row) => row.hash === hash);
  }

  async use(id: string) {
    const row = this.rows.get(id);
    if (row === undefined || row.usedAt !== undefined) return false;
    row.usedAt = new Date(this.nowMs());
    return true;
  }

  async open() {
    return [...this.rows.values()].filter(
      ({ usedAt, expiresAt }) => usedAt === undefined && expiresAt.getTime() > this.nowMs(),
    );
  }

  async revoke(id: string) {
    return this.rows.delete(id);
  }
}

export class MemoryDevices implements DeviceStore {
  readonly rows = new Map<string, Kept<DeviceSignIn> & { hash: string; isUsed: boolean }>();
  private readonly nowMs: () => number;

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  async create(asked: Parameters<DeviceStore['create']>[0]) {
    const id = `device-${this.rows.size + 1}`;
    this.rows.set(id, { id, ...asked, state: 'pending', personId: undefined, isUsed: false });
  }

  async byUserCode(userCode: string) {
    return this.usable().find((row) => row.userCode === userCode && row.state === 'pending');
  }

  async byHash(hash: string) {
    return this.usable().find((row) => row.hash === hash);
  }

  async decide(id: string, personId: string, isApproved: boolean) {
    const row = this.rows.get(id);
    if (row?.state !== 'pending') return false;
    row.state = isApproved ? 'approved' : 'denied';
    row.personId = personId;
    return true;
  }

  async use(id: string) {
    const row = this.rows.get(id);
    if (row === undefined || row.isUsed) return false;
    row.isUsed = true;
    return true;
  }

  private usable() {
    return [...this.rows.values()].filter(
      ({ isUsed, expiresAt }) => !isUsed && expiresAt.getTime() > this.nowMs(),
    );
  }
}
