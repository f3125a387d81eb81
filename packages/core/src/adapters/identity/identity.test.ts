/** Signing in, links and sessions, with an injected clock and stores in memory. */
import { beforeEach, describe, expect, it } from 'vitest';
import { hashPassword, passwordFault, verifyPassword } from './passwords.ts';
import { MemoryLinks, MemoryPeople, MemorySessions } from './people.fixture.ts';
import { SESSION_SETTINGS, Sessions } from './sessions.ts';
import { createAdministrator, FAILURES_MAX, LOCKED_MS, makeLink, SigningIn } from './signing-in.ts';
import { memoryThrottle } from './throttle.ts';

const PASSWORD = 'four unrelated tall words';
const OTHER = 'another set of tall words';
const CLIENT = { address: '10.0.0.1', userAgent: 'test' };
const ADA = 'ada@example.org';

let nowMs: number;
let people: MemoryPeople;
let store: MemorySessions;
let links: MemoryLinks;
let sessions: Sessions;
let signingIn: SigningIn;
const now = () => nowMs;

beforeEach(() => {
  nowMs = Date.UTC(2026, 0, 1);
  people = new MemoryPeople(now);
  store = new MemorySessions(people, now);
  links = new MemoryLinks(now);
  sessions = new Sessions(store, SESSION_SETTINGS, now);
  const throttle = (name: string, failuresMax: number) =>
    memoryThrottle({ name, failuresMax, windowMs: LOCKED_MS });
  signingIn = new SigningIn({
    ...{ people, links, sessions, nowMs: now },
    byAddress: throttle('address', 50),
    byEmail: throttle('e-mail', FAILURES_MAX),
  });
});

async function enteredWith(entry: ReturnType<SigningIn['withPassword']>) {
  const reply = await entry;
  if (reply.kind !== 'entered') throw new Error(reply.detail);
  return reply.entry;
}

const signIn = (password = PASSWORD, email = ADA) => signingIn.withPassword({ email, password }, CLIENT);
const linkOf = (link: Parameters<typeof makeLink>[1]) => makeLink(links, link, nowMs);
const administrator = () => createAdministrator(people, { email: ADA, password: PASSWORD });

describe('passwords', () => {
  it('are kept as argon2id with at least 19 MiB and two passes', async () => {
    const hashed = await hashPassword(PASSWORD);
    expect(hashed).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await verifyPassword(hashed, PASSWORD)).toBe(true);
    expect(await verifyPassword(hashed, OTHER)).toBe(false);
    expect(await verifyPassword(undefined, PASSWORD)).toBe(false);
    expect(await verifyPassword(hashed, PASSWORD.repeat(50))).toBe(false);
  });

  it('are the same however the system composes their letters', async () => {
    expect(await verifyPassword(await hashPassword('schöne große Wörter'), 'schöne große Wörter')).toBe(true);
  });

  it.each([
    ['eleven char', 'at least 12'],
    ['x'.repeat(201), 'at most 200'],
    ['password1234', 'first that an attacker tries'],
    ['Passw0rd!2026', 'first that an attacker tries'],
    ['abcdefghijkl', 'first that an attacker tries'],
    ['qwertyuiop123', 'first that an attacker tries'],
    ['aaaaaaaaaaaaaa', 'first that an attacker tries'],
    ['abc1abc1abc1', 'first that an attacker tries'],
    ['lovelace1234', 'first that an attacker tries'],
    ['ada@example.org', 'first that an attacker tries'],
  ])('%j is refused: %s', (password, why) => {
    expect(passwordFault(password, { email: ADA, name: 'Ada Lovelace' })).toContain(why);
  });

  it.each([PASSWORD, 'kX9#mQ2$vL7!', 'secret gardens by the sea', '𝒶𝒷𝒸 unusual but long'])(
    '%j is taken',
    (password) => expect(passwordFault(password, { email: ADA, name: 'Ada' })).toBeUndefined(),
  );
});

describe('signing in', () => {
  it('answers the same for a wrong password, an unknown e-mail and a disabled account', async () => {
    await administrator();
    const wrong = await signIn(OTHER);
    expect(wrong).toMatchObject({ kind: 'refused', reason: 'wrong-password' });
    expect(await signIn(OTHER, 'nobody@example.org')).toEqual(wrong);
    people.rows.get('person-1')!.state = 'disabled';
    expect(await signIn()).toEqual(wrong);
  });

  it('takes the e-mail in any case', async () => {
    await administrator();
    expect(await signIn(PASSWORD, ' ADA@Example.org ')).toMatchObject({ kind: 'entered' });
  });

  it('takes no password for 15 minutes after ten wrong ones, whether the account exists or not', async () => {
    await administrator();
    for (const email of [ADA, 'nobody@example.org']) {
      for (let i = 1; i < FAILURES_MAX; i++)
        expect(await signIn(OTHER, email)).toMatchObject({ reason: 'wrong-password' });
      const locked = { reason: 'locked', detail: expect.stringContaining('Try again in 15 minutes') };
      expect(await signIn(OTHER, email)).toMatchObject(locked);
      expect(await signIn(PASSWORD, email)).toMatchObject(locked);
    }
  });

  it('throttles an address that tries many accounts', async () => {
    for (let i = 0; i < 50; i++) await signIn(OTHER, `p${i}@example.org`);
    expect(await signIn()).toMatchObject({ reason: 'throttled' });
    await administrator();
    expect(
      await signingIn.withPassword({ email: ADA, password: PASSWORD }, { ...CLIENT, address: '10.0.0.2' }),
    ).toMatchObject({ kind: 'entered' });
  }, 30_000);
});

describe('links', () => {
  const first = () => linkOf({ kind: 'first-administrator', createdBy: 'start' });
  const entry = (secret: string) => ({ secret, email: ADA, name: 'Ada', password: PASSWORD });

  it('make the first administrator, exactly once, also when used at the same time', async () => {
    const { secret } = await first();
    const replies = await Promise.all([
      signingIn.withLink(entry(secret), CLIENT),
      signingIn.withLink({ ...entry(secret), email: 'eve@example.org' }, CLIENT),
    ]);
    expect(replies.map(({ kind }) => kind).sort()).toEqual(['entered', 'refused']);
    expect(people.rows.size).toBe(1);
    expect(await signingIn.withLink(entry(secret), CLIENT)).toMatchObject({ reason: 'bad-link' });
  });

  it('are over after their time', async () => {
    const { secret } = await first();
    nowMs += 15 * 60_000;
    expect(await signingIn.withLink(entry(secret), CLIENT)).toMatchObject({ reason: 'bad-link' });
  });

  it('make no second first administrator', async () => {
    const { secret } = await first();
    await administrator();
    const reply = await signingIn.withLink({ ...entry(secret), email: 'eve@example.org' }, CLIENT);
    expect(reply).toMatchObject({ reason: 'bad-link', detail: expect.stringContaining('already') });
  });

  it('are not used up by a password that is refused', async () => {
    const { secret } = await first();
    const short = { ...entry(secret), password: 'short' };
    expect(await signingIn.withLink(short, CLIENT)).toMatchObject({ reason: 'bad-input', field: 'password' });
    expect(await signingIn.withLink(entry(secret), CLIENT)).toMatchObject({ kind: 'entered' });
  });

  it('give an invited person the e-mail and the roles of the invitation, whatever is sent', async () => {
    const roles = [{ role: 'viewer', scope: {} }] as const;
    const { secret } = await linkOf({
      ...{ kind: 'invitation', email: 'bob@example.org', roles, createdBy: ADA },
    });
    await signingIn.withLink({ ...entry(secret), email: 'eve@example.org' }, CLIENT);
    expect([...people.rows.values()]).toMatchObject([{ email: 'bob@example.org', roles }]);
  });

  it('for a new password end the sessions there were, and unlock the account', async () => {
    await administrator();
    const before = await enteredWith(signIn());
    for (let i = 0; i < FAILURES_MAX; i++) await signIn(OTHER);
    const { secret } = await linkOf({ kind: 'reset', email: ADA, createdBy: 'machine' });
    const reply = await signingIn.withLink({ secret, password: OTHER }, CLIENT);
    expect(reply).toMatchObject({ kind: 'entered' });
    expect(await sessions.find(before.secret)).toBeUndefined();
    expect(await signIn(OTHER)).toMatchObject({ kind: 'entered' });
  });
});

describe('a session', () => {
  const started = async () => {
    await administrator();
    return enteredWith(signIn());
  };

  it('is found by the value of its cookie, which is kept nowhere', async () => {
    const { secret } = await started();
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect(JSON.stringify([...store.rows.values()])).not.toContain(secret);
    expect(await sessions.find(secret)).toMatchObject({
      ...{ principal: { kind: 'person', name: ADA }, readOnly: false },
    });
    for (const other of ['', 'x', `${secret}x`, 'x'.repeat(5_000)])
      expect(await sessions.find(other)).toBeUndefined();
  });

  it('ends after 12 h without use, and after 7 days of use', async () => {
    const { secret } = await started();
    for (let hours = 0; hours < 7 * 24 - 11; hours += 11) {
      expect(await sessions.find(secret), `after ${hours} h`).toBeDefined();
      nowMs += 11 * 3_600_000;
    }
    nowMs += 11 * 3_600_000;
    expect(await sessions.find(secret)).toBeUndefined();
    const other = await enteredWith(signIn());
    nowMs += 12 * 3_600_000 + 1;
    expect(await sessions.find(other.secret)).toBeUndefined();
  });

  it('of who signs in at a provider ends after 12 h of use, so that its groups are asked for anew', async () => {
    const provided = { issuer: 'https://id.test', subject: 's', email: ADA, name: 'Ada', roles: [] };
    const { secret } = await enteredWith(signingIn.withProvider(provided, CLIENT));
    nowMs += 11.5 * 3_600_000;
    expect(await sessions.find(secret)).toBeDefined();
    nowMs += 0.5 * 3_600_000;
    expect(await sessions.find(secret)).toBeUndefined();
  });

  it('asks the store once in 2 s, and knows of an end or of other roles then', async () => {
    const { secret, session } = await started();
    store.lookUps = 0;
    await Promise.all([1, 2, 3].map(() => sessions.find(secret)));
    expect(store.lookUps).toBe(1);
    people.rows.get('person-1')!.roles = [{ role: 'viewer', scope: {} }];
    nowMs += 2_000;
    const found = await sessions.find(secret);
    expect(found!.principal.grants[0]!.permissions).not.toContain('users:manage');
    await store.end(session.id);
    nowMs += 2_000;
    expect(await sessions.find(secret)).toBeUndefined();
  });

  it('is over at once where it is ended', async () => {
    const { secret } = await started();
    await sessions.find(secret);
    expect(await sessions.end(secret)).toBe(true);
    expect(await sessions.find(secret)).toBeUndefined();
  });

  it('goes on reading for 15 minutes while the store is unreachable, if it was known', async () => {
    const { secret } = await started();
    const unknown = await enteredWith(signIn());
    await sessions.find(secret);
    store.fault = new Error('away');
    nowMs += 14 * 60_000;
    expect(await sessions.find(secret)).toMatchObject({ readOnly: true });
    await expect(sessions.find(unknown.secret)).rejects.toThrow('away');
    nowMs += 2 * 60_000;
    await expect(sessions.find(secret)).rejects.toThrow('away');
    store.fault = undefined;
    expect(await sessions.find(secret)).toMatchObject({ readOnly: false });
  });
});

it('nobody has a name or an address that is not what it seems', async () => {
  const { secret } = await linkOf({ kind: 'first-administrator', createdBy: 'a test' });
  const enter = (email: string, name: string) =>
    signingIn.withLink({ secret, password: PASSWORD, email, name }, CLIENT);
  expect(await enter('ada@example.org\u200b', 'Ada')).toMatchObject({ reason: 'bad-input', field: 'email' });
  expect(await enter(ADA, 'Ada\u202e')).toMatchObject({ reason: 'bad-input', field: 'name' });
  expect(await enter(ADA, 'Ada\nroot')).toMatchObject({ reason: 'bad-input', field: 'name' });
  expect(await enter(ADA, 'Ada')).toMatchObject({ kind: 'entered' });
});
