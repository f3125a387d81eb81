/** What stands before every procedure and page, without a network. */
import { EVERYWHERE, grantsOf, type Role } from '@foreshard/core/access';
import { afterAll, describe, expect, it } from 'vitest';
import { ADMINISTRATOR, askBy, contextOf, procedures, testConsole } from '../console.fixture.ts';
import { appRouter } from '../router.ts';
import { clientAddress } from './client-address.ts';
import { cookieName, readCookie, setCookie } from './cookie.ts';
import type { Identity } from './identify.ts';
import { listeningFault } from './listening.ts';
import { localPath } from './local-path.ts';
import { certificateFault } from './own-certificate.ts';
import { opened, sealed } from './pending-sign-in.ts';

const { server, close } = testConsole();
afterAll(close);

const ALL = procedures().map(({ path }) => path);
const nobody = appRouter.createCaller({ ...contextOf(server), identity: undefined });

function having(role: Role): Identity {
  const grants = grantsOf([{ role, scope: EVERYWHERE }]);
  return { ...ADMINISTRATOR, principal: { ...ADMINISTRATOR.principal, grants } };
}

describe('nobody', () => {
  it.each(ALL)('is answered nothing by %s', async (path) => {
    await expect(askBy(nobody, path, {})).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });
});

it('whoever is signed in can ask who they are', async () => {
  expect(await appRouter.createCaller(contextOf(server)).session.mine()).toEqual({
    ...{ kind: 'person', name: 'ada@example.org', displayName: 'Ada', roles: ['administrator'] },
  });
});

describe('a viewer', () => {
  const viewer = appRouter.createCaller(contextOf(server, {}, having('viewer')));

  it.each(['events.page', 'sample.start'])('may not %s', async (path) => {
    await expect(askBy(viewer, path, {})).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('may not pause moves, and is told the permission that lacks', async () => {
    await expect(viewer.operations.migrations.pauseAll({ reason: 'test' })).rejects.toMatchObject({
      ...{ code: 'FORBIDDEN', message: expect.stringContaining('cluster:operate') },
    });
  });

  it('sees the frame', async () => {
    expect(await viewer.overview.now()).toHaveProperty('frame');
  });
});

describe('someone limited to one external cluster', () => {
  const grants = grantsOf([{ role: 'viewer', scope: { clusters: ['kafka'] } }]);
  const identity = { ...ADMINISTRATOR, principal: { ...ADMINISTRATOR.principal, grants } };
  const limited = appRouter.createCaller(contextOf(server, {}, identity));

  it('sees neither this cluster nor another one', async () => {
    await expect(limited.overview.now()).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(limited.clusters.detail({ name: 'other' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('while it cannot be checked who asks', () => {
  const reading = appRouter.createCaller(contextOf(server, {}, { ...ADMINISTRATOR, readOnly: true }));

  it('views answer', async () => {
    expect(await reading.overview.now()).toHaveProperty('frame');
  });

  it.each(procedures().flatMap(({ path, type }) => (type === 'mutation' ? [path] : [])))(
    '%s changes nothing',
    async (path) => {
      await expect(askBy(reading, path, {})).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    },
  );
});

describe('the cookie', () => {
  const databaseUrl = 'postgresql://me:hunter2@127.0.0.1:5432/one';
  const plain = { tls: false, databaseUrl };

  it('is named by the cluster on loopback, and by the host under TLS', () => {
    expect(cookieName(plain)).toMatch(/^foreshard-[0-9a-f]{8}$/);
    expect(cookieName({ ...plain, databaseUrl: databaseUrl.replace('5432', '5433') })).not.toBe(
      cookieName(plain),
    );
    expect(cookieName({ ...plain, databaseUrl: databaseUrl.replace('hunter2', 'x') })).toBe(
      cookieName(plain),
    );
    expect(cookieName({ ...plain, tls: true })).toBe('__Host-foreshard');
  });

  it('is for this host alone, and not for scripts', () => {
    expect(setCookie(plain, 'c', 'v')).toBe('c=v; Path=/; HttpOnly; SameSite=Lax');
    expect(setCookie({ ...plain, tls: true }, 'c', 'v', 0)).toBe(
      'c=v; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0',
    );
  });

  it('is found among others', () => {
    const headers = new Headers({ cookie: 'other=1; c=a=b; cc=2' });
    expect(readCookie(headers, 'c')).toBe('a=b');
    expect(readCookie(headers, 'd')).toBeUndefined();
  });

  it('of a sign-in at the provider comes back as it was, or not at all', () => {
    const pending = { state: 's', nonce: 'n', verifier: 'v', next: '/hosts' };
    expect(opened(sealed(pending))).toEqual(pending);
    for (const wrong of [undefined, '', 'x', sealed({ ...pending, more: 1 } as never)])
      expect(opened(wrong)).toBeUndefined();
    expect(opened(sealed({ ...pending, next: '//evil.example' }))).toMatchObject({ next: '/' });
  });
});

describe('listening', () => {
  const start = (...args: string[]) => ['node', 'next', 'start', ...args];

  it.each([
    ['127.0.0.1', start('-H', '127.0.0.1', '-p', '7080')],
    ['localhost', start('--hostname=localhost')],
    ['::1', start('--hostname', '::1')],
  ])('on %s needs nothing', (_, argv) => expect(listeningFault(argv, false)).toBeUndefined());

  it.each([
    ['every address', start('-p', '7080')],
    ['0.0.0.0', start('-H', '0.0.0.0')],
    ['10.0.0.5', start('-H10.0.0.5')],
    ['127.evil.example', start('-H', '127.evil.example')],
  ])('on %s needs TLS in front', (where, argv) => {
    expect(listeningFault(argv, false)).toContain(where);
    expect(listeningFault(argv, false)).toContain('WEB_TRUSTED_PROXY=1');
    expect(listeningFault(argv, true)).toBeUndefined();
  });
});

it('a certificate that would not be used is refused, as passwords would cross in the clear', () => {
  expect(certificateFault(true, false)).toContain('"next start" cannot use one');
  expect([certificateFault(true, true), certificateFault(false, false)]).toEqual([undefined, undefined]);
});

describe('after signing in', () => {
  it.each(['/hosts', '/heat?span=7d&stream=main', '/events?key=a%2Fb#x'])('%s is gone to', (path) =>
    expect(localPath(path)).toBe(path),
  );

  it.each([
    ...['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)', 'hosts', ''],
    ...['/\t/evil.example', '/./%2e/\\evil.example', '/sign-in?next=/x', '/welcome', '/..//evil.example'],
    ...[undefined, ['/a', '/b'], null],
  ])('%j is not', (path) => expect(localPath(path)).toBe('/'));
});

describe('the address of a client', () => {
  const from = (forwarded: string) => new Headers({ 'x-forwarded-for': forwarded });

  it('is what the outermost trusted proxy saw, whatever the client says of itself', () => {
    expect(clientAddress(from('1.1.1.1, 203.0.113.9'), 1)).toBe('203.0.113.9');
    expect(clientAddress(from('1.1.1.1, 203.0.113.9, 10.0.0.2'), 2)).toBe('203.0.113.9');
    expect(clientAddress(from('203.0.113.9'), 2)).toBe('203.0.113.9');
  });

  it('is this machine without a proxy', () => {
    expect(clientAddress(from('203.0.113.9'), 0)).toBe('127.0.0.1');
    expect(clientAddress(new Headers(), 1)).toBe('127.0.0.1');
  });
});
