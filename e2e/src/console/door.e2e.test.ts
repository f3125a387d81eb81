/** The door of the console in a real browser: who comes in, how, and what ends it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EVERYWHERE, type Role } from '@foreshard/core/access';
import { type Control, connectControl } from '@foreshard/core/adapters/control';
import { hashPassword } from '@foreshard/core/adapters/identity';
import { freePort, temporaryFolder } from '@foreshard/local';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { procedures } from '../../../apps/web/src/server/console.fixture.ts';
import { startConsole } from '../../../bench/src/measure/console.ts';
import { openBrowser, VIEWS } from '../browser.ts';
import { type Account, CLIENT_ID, CLIENT_SECRET, startProvider } from '../oidc/provider.fixture.ts';
import { type Product, startProduct } from '../product.ts';
import { ADMINISTRATOR, type Credentials, give, newSession } from '../signing-in.ts';
import { PAGES, violations } from './look.ts';

const consoleUrl = inject('consoleUrl').replace(/\/$/, '');
const HOLDS_WITHIN_MS = 5_000;
/** the page notices that its feed has ended, and asks who it is */
const NOTICED_WITHIN_MS = 10_000;

let control: Control;
let browser: BrowserContext;
beforeAll(async () => {
  const { databaseUrl, redisUrl } = await credentialsOf(inject('dataDir'));
  control = connectControl({ databaseUrl, redisUrl, actor: 'test' });
  browser = await openBrowser();
});
afterEach(async () => {
  for (const page of browser.pages()) await page.close();
  await browser.clearCookies();
});
afterAll(async () => {
  await browser?.close();
  await control?.close();
});

async function credentialsOf(dataDir: string) {
  return JSON.parse(await readFile(join(dataDir, 'credentials.json'), 'utf8'));
}

let made = 0;

async function person(role: Role): Promise<Credentials & { readonly id: string }> {
  made += 1;
  const email = `${role}-${made}@e2e.example`;
  const { password } = ADMINISTRATOR;
  const roles = [{ role, scope: EVERYWHERE }];
  const passwordHash = await hashPassword(password);
  const created = await control.people.create({ email, name: `A ${role}`, roles, passwordHash });
  return { email, password, id: created!.id };
}

async function signIn(page: Page, { email, password }: Credentials): Promise<void> {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

const live = (page: Page) => page.getByRole('button', { name: 'Live', exact: true }).waitFor();
const cookies = async () =>
  (await browser.cookies(consoleUrl)).filter(({ name }) => name.startsWith('foreshard-'));

const APP = join(import.meta.dirname, '../../../apps/web/src/app');
/** Of the folder, so that none is forgotten: those with what a visitor looks at there, and those behind the menu. */
const ALL_PAGES = [
  ...new Set([
    ...Object.values(PAGES),
    ...globSync('**/page.tsx', { cwd: join(APP, '(console)') })
      .filter((file) => !file.includes('['))
      .map((file) => `/${dirname(file)}`.replace(/^\/\.$/, '/')),
    '/nothing-of-this-name',
  ]),
];
/** For whoever comes in, and for whoever looks whether it runs. tRPC is asked procedure by procedure. */
const OPEN_ROUTES: readonly string[] = [
  ...['/api/livez', '/api/readyz', '/api/session', '/api/links', '/api/links/describe'],
  ...['/api/device', '/api/device/token', '/api/oidc/start', '/api/oidc/callback', '/api/trpc/[trpc]'],
];
const CLOSED_ROUTES = globSync('api/**/route.ts', { cwd: APP })
  .map((file) => `/${dirname(file)}`)
  .filter((route) => !OPEN_ROUTES.includes(route));

describe('without credentials', () => {
  it.each(procedures().map(({ path, type }) => [path, type] as const))(
    '%s answers 401',
    async (path, type) => {
      const url = `${consoleUrl}/api/trpc/${path}`;
      const headers = { 'content-type': 'application/json' };
      const posted = await fetch(url, { method: 'POST', headers, body: '{}' });
      // a question takes no POST, from anybody
      expect(posted.status).toBe(type === 'query' ? 405 : 401);
      await posted.body?.cancel();
      if (type === 'mutation') return;
      const answer = await fetch(`${url}?input=%7B%7D`);
      expect(answer.status).toBe(401);
      await answer.body?.cancel();
    },
  );

  it.each(ALL_PAGES)('%s leads to the sign-in', async (path) => {
    const answer = await fetch(consoleUrl + path, { redirect: 'manual' });
    const address = new URL(answer.headers.get('location') ?? '/', consoleUrl);
    expect([answer.status, address.pathname]).toEqual([307, '/sign-in']);
    expect(address.searchParams.get('next') ?? '/').toBe(path);
    expect(await answer.text()).not.toMatch(/host-\d|postgres|redis/);
  });

  it('every page leads a browser to the sign-in, and loads nothing behind it', async () => {
    const page = await browser.newPage();
    const answered: string[] = [];
    page.on('response', (response) => {
      if (response.url().includes('/api/trpc/') && response.ok()) answered.push(response.url());
    });
    for (const path of ALL_PAGES) {
      await page.goto(consoleUrl + path);
      expect([path, new URL(page.url()).pathname]).toEqual([path, '/sign-in']);
      await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
    }
    expect(answered).toEqual([]);
  });

  it.each(CLOSED_ROUTES)('%s answers 401', async (path) => {
    expect((await fetch(`${consoleUrl}${path}?shardlet=1&seq=1`)).status).toBe(401);
  });

  it('a wrong token, and a cookie that nobody was given, are nobody', async () => {
    const [cookie = ''] = (await newSession(consoleUrl)).split('=');
    for (const headers of [{ authorization: 'Bearer fsh_wrong' }, { cookie: `${cookie}=${'x'.repeat(43)}` }])
      expect((await fetch(`${consoleUrl}/api/trpc/overview.now`, { headers })).status).toBe(401);
  });
});

it('lets a program in with an API token, as far as that goes', async () => {
  const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  const { plaintext } = await control.tokens.create({ name: 'views', scopes: ['cluster:read'] });
  expect((await fetch(`${consoleUrl}/api/trpc/overview.now`, as(plaintext))).status).toBe(200);
  expect((await fetch(`${consoleUrl}/api/trpc/events.page?input=%7B%7D`, as(plaintext))).status).toBe(403);
  expect((await fetch(`${consoleUrl}/api/trpc/overview.now`, as(inject('token')))).status).toBe(200);
});

describe('the sign-in', () => {
  it('is accessible in both themes, and leads back to where somebody wanted to go', async () => {
    const page = await browser.newPage();
    await page.goto(`${consoleUrl}/hosts?sort=name`);
    await page.waitForURL(/\/sign-in\?next=/);
    for (const { theme, width } of VIEWS) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme: theme });
      await page.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted, theme);
      await page.screenshot({ path: join(PICTURES, `sign-in-${theme}-${width}.png`) });
      expect(await violations(page, { theme })).toEqual([]);
    }
    await signIn(page, { ...ADMINISTRATOR, password: 'not the password at all' });
    const note = page.getByRole('alert').filter({ hasText: 'E-mail or password is wrong' });
    await note.waitFor();
    expect(await note.evaluate((element) => element === document.activeElement)).toBe(true);
    await signIn(page, ADMINISTRATOR);
    await page.waitForURL(`${consoleUrl}/hosts?sort=name`);
    await live(page);
    await page.getByRole('button', { name: `Signed in as ${ADMINISTRATOR.email}` }).click();
    await page.getByText('administrator', { exact: true }).waitFor();
  });

  it('takes no password after ten wrong ones, and says for how long', async () => {
    const viewer = await person('viewer');
    const attempt = (password: string) =>
      fetch(`${consoleUrl}/api/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: viewer.email, password }),
      });
    for (let i = 1; i < 10; i++) expect((await attempt('wrong')).status).toBe(401);
    for (const password of ['wrong', viewer.password]) {
      const answer = await attempt(password);
      expect(answer.status).toBe(429);
      expect((await answer.json()).detail).toMatch(/Try again in 15 minutes/);
    }
  });

  it('gives a new session to whoever comes in, and ends the one that was planted (fixation)', async () => {
    const planted = await newSession(consoleUrl);
    await give(browser, consoleUrl, planted);
    const viewer = await person('viewer');
    const page = await browser.newPage();
    await page.goto(`${consoleUrl}/sign-in`);
    await signIn(page, viewer);
    await live(page);
    const [cookie] = await cookies();
    expect(`${cookie!.name}=${cookie!.value}`).not.toBe(planted);
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' });
    const answer = await fetch(`${consoleUrl}/api/trpc/overview.now`, { headers: { cookie: planted } });
    expect(answer.status).toBe(401);
  });

  it('signs nobody in from a page of another site (login CSRF)', async () => {
    const evil = await site(
      `<form method="post" enctype="text/plain" action="${consoleUrl}/api/session"><input name='{"email":"${ADMINISTRATOR.email}","password":"${ADMINISTRATOR.password}","x":"' value='"}'></form><script>document.forms[0].submit()</script>`,
    );
    try {
      const page = await browser.newPage();
      const [answer] = await Promise.all([
        page.waitForResponse(`${consoleUrl}/api/session`),
        page.goto(evil.url, { waitUntil: 'commit' }),
      ]);
      expect(answer.status()).toBe(403);
      expect(await cookies()).toEqual([]);
      const body = JSON.stringify(ADMINISTRATOR);
      const post = (headers: Record<string, string>) =>
        fetch(`${consoleUrl}/api/session`, { method: 'POST', headers, body });
      const json = { 'content-type': 'application/json' };
      expect((await post({ ...json, origin: evil.url })).status).toBe(403);
      expect((await post({ ...json, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
      expect((await post({ 'content-type': 'text/plain' })).status).toBe(415);
    } finally {
      evil.close();
    }
  });
});

it('is not shown in a frame of another site (clickjacking)', async () => {
  await give(browser, consoleUrl, await newSession(consoleUrl));
  const evil = await site(
    `<iframe src="${consoleUrl}/hosts"></iframe><iframe src="${consoleUrl}/sign-in"></iframe>`,
  );
  try {
    const page = await browser.newPage();
    await page.goto(evil.url);
    const frames = page.frames().filter((frame) => frame !== page.mainFrame());
    expect(frames).toHaveLength(2);
    for (const frame of frames) {
      await frame.waitForLoadState();
      expect(frame.url()).toMatch(/^chrome-error:/);
    }
  } finally {
    evil.close();
  }
});

describe('a session that ends', () => {
  const onHosts = async (cookie: string) => {
    await give(browser, consoleUrl, cookie);
    const page = await browser.newPage();
    await page.goto(`${consoleUrl}/hosts`);
    await live(page);
    return page;
  };

  it('by signing out ends the live feed of every tab, and leads them to the sign-in', async () => {
    const one = await onHosts(await newSession(consoleUrl));
    const other = await browser.newPage();
    await other.goto(consoleUrl);
    await live(other);
    await other.getByRole('button', { name: /^Signed in as/ }).click();
    await other.getByRole('menuitem', { name: 'Sign out' }).click();
    await other.waitForURL(/\/sign-in/);
    await one.bringToFront();
    await one.waitForURL(/\/sign-in\?next=%2Fhosts/, { timeout: NOTICED_WITHIN_MS });
    expect(await cookies()).toEqual([]);
  });

  it('ends the feed itself within 5 s, whatever the page does', async () => {
    const viewer = await person('viewer');
    const cookie = await newSession(consoleUrl, viewer);
    const feed = await fetch(`${consoleUrl}/api/trpc/overview.live`, {
      headers: { cookie, accept: 'text/event-stream' },
    });
    const reader = feed.body!.getReader();
    expect((await reader.read()).done).toBe(false);
    const startedMs = performance.now();
    await control.sessions.endAll({ personId: viewer.id });
    while (!(await reader.read()).done);
    expect(performance.now() - startedMs).toBeLessThan(HOLDS_WITHIN_MS);
  });

  it('when roles change: it holds within 5 s', async () => {
    const someone = await person('operator');
    const cookie = await newSession(consoleUrl, someone);
    const order = () =>
      fetch(`${consoleUrl}/api/trpc/operations.jobs.run`, {
        method: 'POST',
        headers: { cookie, 'content-type': 'application/json' },
        body: JSON.stringify({ job: 'nothing-of-this-name' }),
      }).then(({ status }) => status);
    expect(await order()).not.toBe(403);
    await control.people.change(someone.id, { roles: [{ role: 'viewer', scope: EVERYWHERE }] });
    const startedMs = performance.now();
    await expect.poll(order, { timeout: HOLDS_WITHIN_MS, interval: 200 }).toBe(403);
    expect(performance.now() - startedMs).toBeLessThan(HOLDS_WITHIN_MS);
  });
});

describe('an identity provider', () => {
  const GRACE: Account = {
    ...{ sub: 'of-the-test', email: 'grace@example.org', email_verified: true, name: 'Grace Hopper' },
    groups: ['sre'],
  };

  it('signs people in with the roles of their groups; without it local accounts go on', async () => {
    const port = await freePort();
    const own = `http://127.0.0.1:${port}`;
    const provider = await startProvider(own, GRACE);
    const { databaseUrl, redisUrl, edgeUrl } = await credentialsOf(inject('dataDir'));
    const console = await startConsole(
      {
        ...{ DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, FORESHARD_EDGE_URL: edgeUrl },
        ...{ FORESHARD_CONSOLE_URL: own, WEB_OIDC_ISSUER: provider.issuer, WEB_OIDC_CLIENT_ID: CLIENT_ID },
        ...{
          WEB_OIDC_CLIENT_SECRET: CLIENT_SECRET,
          WEB_OIDC_ROLES: 'sre=operator',
          WEB_OIDC_NAME: 'Example ID',
        },
      },
      port,
    );
    try {
      const page = await browser.newPage();
      await page.goto(`${own}/hosts`);
      await page.getByRole('link', { name: 'Sign in with Example ID' }).click();
      await page.waitForURL(`${own}/hosts`);
      await live(page);
      await page.getByRole('button', { name: 'Signed in as grace@example.org' }).click();
      await page.getByText('operator', { exact: true }).waitFor();
      await page.getByRole('menuitem', { name: 'Sign out' }).click();
      await page.waitForURL((url) => url.origin === provider.issuer);

      provider.account = { ...GRACE, groups: [] };
      await page.goto(`${own}/sign-in`);
      await page.getByRole('link', { name: 'Sign in with Example ID' }).click();
      await page.getByText('none of your groups has a role here').waitFor();

      await provider.stop();
      await page.getByRole('link', { name: 'Sign in with Example ID' }).click();
      await page.getByText('The identity provider cannot be reached').waitFor();
      await signIn(page, ADMINISTRATOR);
      await live(page);
    } finally {
      await console.child.stop();
      await provider.stop();
    }
  });
});

describe('a first start', () => {
  it('prints a link that makes the first administrator, once; and a folder of before goes on', async () => {
    const folder = await temporaryFolder('first-administrator');
    const dataDir = join(folder.path, 'data');
    const noAdministrator = { FORESHARD_ADMIN_EMAIL: '', FORESHARD_ADMIN_PASSWORD_FILE: '' };
    let product: Product | undefined;
    try {
      product = await startProduct(dataDir, noAdministrator);
      await expect.poll(() => product!.output()).toContain('/welcome#');
      const link = /http:\S+\/welcome#\S+/.exec(product.output())![0];
      const page = await browser.newPage();
      await page.goto(product.consoleUrl);
      await page.getByRole('heading', { name: 'No administrator yet' }).waitFor();
      // a new link replaces the one before
      const { stdout } = await product.foreshard('users', 'link');
      await page.goto(link);
      await page.getByRole('heading', { name: 'This link cannot be used' }).waitFor();
      await page.goto('about:blank');
      await page.goto(stdout.trim());
      await page.getByRole('heading', { name: 'Create the first administrator' }).waitFor();
      expect(page.url()).toBe(`${product.consoleUrl.replace(/\/$/, '')}/welcome`);
      for (const { theme, width } of VIEWS) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme: theme });
        await page.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted, theme);
        await page.screenshot({ path: join(PICTURES, `welcome-${theme}-${width}.png`) });
        expect(await violations(page, { theme })).toEqual([]);
      }
      await page.getByLabel('E-mail').fill('grace@example.org');
      await page.getByLabel('Name').fill('Grace Hopper');
      await page.getByLabel('Password', { exact: true }).fill('password12345');
      await page.getByLabel('Password again').fill('password12345');
      await page.getByRole('button', { name: 'Create the account' }).click();
      await page.getByText('one of the first that an attacker tries').waitFor();
      await page.getByLabel('Password', { exact: true }).fill(ADMINISTRATOR.password);
      await page.getByLabel('Password again').fill(ADMINISTRATOR.password);
      await page.getByRole('button', { name: 'Create the account' }).click();
      await live(page);
      await page.goto('about:blank');
      await page.goto(stdout.trim());
      await page.getByRole('heading', { name: 'This link cannot be used' }).waitFor();

      expect(await product.foreshard('users', 'link')).toMatchObject({
        ...{ code: 2, stderr: expect.stringContaining('there is an administrator already') },
      });
      const reset = await product.foreshard('users', 'link', '--reset', 'grace@example.org');
      await page.goto('about:blank');
      await page.goto(reset.stdout.trim());
      await page.getByLabel('Password', { exact: true }).fill('nine old lamps in a row');
      await page.getByLabel('Password again').fill('nine old lamps in a row');
      await page.getByRole('button', { name: 'Set the password' }).click();
      await live(page);
      await page.close();

      const token = await asBefore(dataDir);
      await product.stop();
      product = await startProduct(dataDir, noAdministrator);
      expect(product.token).toBe(token);
      expect(product.output()).not.toContain('/welcome#');
      expect(await product.foreshard('hosts', 'list')).toMatchObject({ code: 0 });
    } finally {
      await product?.stop();
      await folder.remove();
    }
  }, 300_000);
});

/** As the release before left its folder: one token with four scopes and no expiry. */
async function asBefore(dataDir: string): Promise<string> {
  const rest = await credentialsOf(dataDir);
  const { databaseUrl, redisUrl } = rest;
  const stores = connectControl({ databaseUrl, redisUrl, actor: 'test' });
  const scopes = ['ingest', 'read', 'consume', 'admin'] as const;
  const { plaintext } = await stores.tokens.create({ name: 'local start', scopes });
  await stores.close();
  await writeFile(join(dataDir, 'credentials.json'), JSON.stringify({ ...rest, token: plaintext }), {
    mode: 0o600,
  });
  return plaintext;
}

const PICTURES = join(import.meta.dirname, '../../screenshots/door');

/** A page of another site. */
async function site(html: string): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(html));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return { url: `http://localhost:${port}`, close: () => server.close() };
}

describe('a command line', () => {
  const CLI = fileURLToPath(new URL('../../../apps/cli/src/main.ts', import.meta.url));
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeEach(async () => {
    folder = await temporaryFolder('login');
  });
  afterEach(() => folder.remove());

  function foreshard(...args: string[]) {
    // a machine that knows nothing of this cluster but what it is given
    const { FORESHARD_TOKEN: _, FORESHARD_EDGE_URL: __, DATABASE_URL: ___, ...known } = process.env;
    const env = { ...known, FORESHARD_DATA_DIR: folder.path };
    const child = spawn(process.execPath, [CLI, ...args], { env });
    const written = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (chunk) => (written[name] += String(chunk)));
    return { written, ended: once(child, 'close').then(([code]) => code as number) };
  }

  async function codeShown(of: { readonly written: { readonly stderr: string } }): Promise<string> {
    const CODE = /\/device\?code=([A-Z]{4}-[A-Z]{4})/;
    await expect.poll(() => CODE.exec(of.written.stderr)?.[1], { timeout: 20_000 }).toBeDefined();
    return CODE.exec(of.written.stderr)![1]!;
  }

  it('is let in by a person, and acts as them until its token is revoked', async () => {
    const operator = await person('operator');
    const login = foreshard('login', '--console', consoleUrl, '--json');
    const code = await codeShown(login);
    const page = await browser.newPage();
    // whoever is not signed in comes back to the page after it
    await page.goto(`${consoleUrl}/device?code=${code}`);
    await signIn(page, operator);
    await page.getByText(`shows ${code}`).waitFor();
    expect(await violations(page, { theme: 'light' })).toEqual([]);
    await page.getByRole('button', { name: 'Let it in' }).click();
    await page.getByRole('status').getByText('is let in').waitFor();
    expect(await login.ended, login.written.stderr).toBe(0);
    const { email, file } = JSON.parse(login.written.stdout);
    expect(email).toBe(operator.email);
    expect((await stat(file)).mode & 0o777).toBe(0o600);

    const who = foreshard('whoami', '--json');
    expect(await who.ended, who.written.stderr).toBe(0);
    expect(JSON.parse(who.written.stdout)).toMatchObject({
      kind: 'token',
      name: expect.stringContaining(email),
    });
    const drain = foreshard('drain', '999999');
    expect(await drain.ended).toBe(2);
    expect(drain.written.stderr).toContain('no host "999999"');
    const tokens = foreshard('tokens', 'list');
    expect(await tokens.ended).toBe(2);
    expect(tokens.written.stderr).toContain('tokens:manage');

    const [token] = (await control.tokens.list()).filter(({ owner }) => owner?.email === email);
    await control.tokens.revoke(token!.id);
    await expect.poll(() => foreshard('whoami').ended, { timeout: 15_000 }).toBe(2);
  });

  it('that is denied says so, and keeps nothing', async () => {
    const login = foreshard('login', '--console', consoleUrl);
    const code = await codeShown(login);
    const viewer = await person('viewer');
    await give(browser, consoleUrl, await newSession(consoleUrl, viewer));
    const page = await browser.newPage();
    await page.goto(`${consoleUrl}/device`);
    await page.getByLabel('Code').fill(code.toLowerCase().replace('-', ''));
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.getByRole('button', { name: 'Deny' }).click();
    expect(await login.ended).toBe(1);
    expect(login.written.stderr).toContain('It was not let in');
    expect(await readdir(folder.path)).toEqual([]);
  });
});
