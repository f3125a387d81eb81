/**
 * A product whose console has a certificate of its own, and into which secrets were planted: none of them is in a log, in
 * the arguments of a process, in the body of an error or in what the audit log hands out.
 */
import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { temporaryFolder } from '@foreshard/local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Product, startProduct } from '../product.ts';
import { ADMINISTRATOR } from '../signing-in.ts';

const run = promisify(execFile);
const OIDC_SECRET = 'planted-oidc-secret-7f3a';
const WRONG_PASSWORD = 'planted wrong password 91c2';
const HOST_PASSWORD = 'planted-host-password-55de';
const QUERY_TOKEN = 'planted-query-token-08be';
const USER_TOKEN = 'planted-user-token-3c11';
const PUSH_TOKEN = 'planted-push-token-a2f9';
const HOOK_TOKEN = 'planted-hook-token-6d70';
const SOURCE = { url: `http://${USER_TOKEN}@127.0.0.1:1/?tenant=${QUERY_TOKEN}`, query: 'up' };
const STRANGE_TOKEN = `fsh_${'planted0strange0token'.padEnd(43, 'x')}`;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let product: Product;
let certificate: string;
const secrets = new Map<string, string>([
  ['password', ADMINISTRATOR.password],
  ['wrong password', WRONG_PASSWORD],
  ['client secret', OIDC_SECRET],
  ['password of a host', HOST_PASSWORD],
  ['strange token', STRANGE_TOKEN],
  ['token in a query', QUERY_TOKEN],
  ['token as a user', USER_TOKEN],
  ['token of a push', PUSH_TOKEN],
  ['token of a hook', HOOK_TOKEN],
]);

beforeAll(async () => {
  folder = await temporaryFolder('secure');
  const { cert, key } = certificateFiles();
  await makeCertificate();
  const secretFile = join(folder.path, 'oidc-secret');
  await writeFile(secretFile, OIDC_SECRET, { mode: 0o600 });
  product = await startProduct(join(folder.path, 'data'), {
    ...{ WEB_TLS_CERT: cert, WEB_TLS_KEY: key, WEB_OIDC_ISSUER: 'http://127.0.0.1:1' },
    FORESHARD_PRIVATE_NETWORKS: '127.0.0.0/8',
    ...{
      WEB_OIDC_CLIENT_ID: 'foreshard',
      WEB_OIDC_CLIENT_SECRET_FILE: secretFile,
      WEB_OIDC_ROLES: 'sre=viewer',
    },
  });
  secrets.set('token', product.token);
  for (const [name, secret] of await passwordsOfServers()) secrets.set(name, secret);
}, 300_000);
afterAll(async () => {
  await product?.stop();
  await folder?.remove();
});

const certificateFiles = () => ({
  cert: join(folder.path, 'console.crt'),
  key: join(folder.path, 'console.key'),
});

/** A new pair, which whoever asks trusts from then on. */
async function makeCertificate(): Promise<void> {
  const { cert, key } = certificateFiles();
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  await run('openssl', ['req', '-x509', ...kind, ...names, '-keyout', key, '-out', cert]);
  certificate = await readFile(cert, 'utf8');
}

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Verifies the certificate, as a browser does. */
function ask(path: string, headers: Record<string, string> = {}, body?: object): Promise<Reply> {
  const method = body === undefined ? 'GET' : 'POST';
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const sent = request(
      `${product.consoleUrl}${path}`,
      { method, ca: certificate, headers: { ...type, ...headers }, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode!, headers: response.headers, body: text }),
        );
      },
    );
    sent.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const signIn = (password: string, headers: Record<string, string> = {}) =>
  ask(
    '/api/session',
    { origin: new URL(product.consoleUrl).origin, ...headers },
    { email: ADMINISTRATOR.email, password },
  );

async function edge(path: string, token: string, body?: object): Promise<string> {
  const response = await fetch(`${product.edgeUrl}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return response.text();
}

describe('a console with a certificate of its own', () => {
  it('answers over TLS, tells browsers to stay there, and is reached by the address that it shows', async () => {
    expect(product.consoleUrl).toMatch(/^https:\/\/127\.0\.0\.1:/);
    const page = await ask('/sign-in');
    expect(page.status).toBe(200);
    expect(page.headers['strict-transport-security']).toMatch(/^max-age=\d{7,}$/);
    const plain = fetch(product.consoleUrl.replace('https', 'http'));
    await expect(plain).rejects.toThrow();
  });

  it('takes a renewed certificate without a restart', async () => {
    const before = certificate;
    const { pid } = await consoleProcess();
    await makeCertificate();
    expect(certificate).not.toBe(before);
    const trusted = () => ask('/sign-in').then(({ status }) => status);
    await expect.poll(() => trusted().catch((error: Error) => error.message)).toBe(200);
    expect((await consoleProcess()).pid).toBe(pid);
  });

  it('sets a __Host- cookie, and notes the address of the connection, whatever the client says', async () => {
    const reply = await signIn(ADMINISTRATOR.password, { 'x-forwarded-for': '203.0.113.66' });
    expect(reply.status).toBe(200);
    const [cookie] = reply.headers['set-cookie']!;
    expect(cookie).toMatch(/^__Host-foreshard=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure/);
    const value = cookie!.split(';')[0]!;
    secrets.set('cookie', value.split('=')[1]!);
    const mine = await ask('/api/trpc/session.mine?input=%7B%7D', { cookie: value });
    expect(mine.body).toContain(ADMINISTRATOR.email);
    const { stdout } = await product.foreshard('audit', 'list', '--operation', 'session.signIn', '--json');
    expect(JSON.parse(stdout).records[0]).toMatchObject({ address: expect.stringMatching(/127\.0\.0\.1$/) });
  });
});

/** Of the databases and the Redis servers that the product has started for itself. */
async function passwordsOfServers(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const known = JSON.parse(await readFile(join(product.dataDir, 'credentials.json'), 'utf8'));
  const addresses: string[] = [known.databaseUrl, known.redisUrl, ...known.hosts];
  for (const [i, url] of addresses.entries()) found.set(`password of server ${i}`, new URL(url).password);
  for (const path of await readdir(product.dataDir, { recursive: true })) {
    const text = () => readFile(join(product.dataDir, path), 'utf8');
    if (basename(path) === 'password') found.set(path, (await text()).trim());
    if (basename(path) === 'users.json')
      for (const [user, password] of Object.entries<string>(JSON.parse(await text())))
        found.set(`${path} ${user}`, password);
  }
  return found;
}

/** Links for people, and what is behind the #. */
async function plantLinks(): Promise<void> {
  const invited = await product.foreshard('users', 'invite', 'eve@example.org', '--role', 'viewer');
  const reset = await product.foreshard('users', 'link', '--reset', ADMINISTRATOR.email);
  for (const [name, { stdout }] of Object.entries({ invitation: invited, 'reset link': reset })) {
    const secret = /\/welcome#(\S+)/.exec(stdout)?.[1];
    expect(secret, name).toBeDefined();
    secrets.set(name, secret!);
  }
}

/** A command line elsewhere is let in; answers the bodies of what was refused on the way. */
async function plantDevice(cookie: string): Promise<string[]> {
  const started = JSON.parse((await ask('/api/device', {}, { device: 'a laptop' })).body);
  const { device_code, user_code: code } = started;
  secrets.set('device code', device_code);
  const pending = await ask('/api/device/token', {}, { device_code });
  const { origin } = new URL(product.consoleUrl);
  const decided = await ask(
    '/api/trpc/operations.account.decideDevice',
    { cookie, origin },
    { code, approve: true },
  );
  expect(decided.status).toBe(200);
  await sleep(started.interval * 1_000);
  const letIn = await ask('/api/device/token', {}, { device_code });
  secrets.set('token of a device', JSON.parse(letIn.body).token);
  const over = await ask('/api/device/token', {}, { device_code });
  return [pending.body, over.body];
}

/** A group whose posts fail, and a target whose messages do: workers write of both. */
async function plantPosts(): Promise<void> {
  const address = (token: string) => `http://127.0.0.1:1/hook?tenant=${token}`;
  await edge('/v1/notification-targets', product.token, { name: 'away', url: address(HOOK_TOKEN) });
  await edge('/v1/notification-targets/away/test', product.token, {});
  await edge('/v1/groups/posted/push', product.token, { url: address(PUSH_TOKEN) });
  const event = { specversion: '1.0', id: '1', source: '/test', type: 'tested', subject: 'a' };
  await fetch(`${product.edgeUrl}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${product.token}`, 'content-type': 'application/cloudevents+json' },
    body: JSON.stringify(event),
  });
}

/** What is measured, and what everybody who may look is shown of targets, groups and clusters. */
async function measuredAndShown(): Promise<Map<string, string>> {
  const { workerUrl } = JSON.parse(await readFile(join(product.dataDir, 'credentials.json'), 'utf8'));
  const authorization = { authorization: `Bearer ${product.token}` };
  const metrics = await fetch(`${workerUrl}/metrics`, { headers: authorization });
  const shown = new Map([
    ['metrics of the edge', await edge('/metrics', product.token)],
    ['metrics of the worker', await metrics.text()],
  ]);
  for (const text of shown.values()) expect(text).toContain('# TYPE foreshard_');
  for (const path of [
    'notification-targets',
    'notification-deliveries',
    'groups',
    'clusters',
    'hosts',
    'alarms',
  ])
    shown.set(path, await edge(`/v1/${path}`, product.token));
  return shown;
}

/** What the console asserts to the edge is a JWT. */
const ASSERTION = /eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/;

it('no secret is in a log, in the arguments of a process, in an error or in what is audited', async () => {
  const seen = new Set<string>();
  let watching = true;
  const watch = (async () => {
    while (watching) {
      for (const text of await argumentsOfAll()) seen.add(text);
      await new Promise((done) => setTimeout(done, 50));
    }
  })();
  const bodies = [
    (await signIn(WRONG_PASSWORD)).body,
    (await ask('/api/oidc/start')).body,
    (await ask('/api/trpc/session.mine?input=%7B%7D', { authorization: `Bearer ${STRANGE_TOKEN}` })).body,
    (
      await ask('/api/trpc/overview.now?input=%7B%7D', {
        cookie: `__Host-foreshard=${secrets.get('cookie')}x`,
      })
    ).body,
    await edge('/v1/hosts', STRANGE_TOKEN),
    await edge('/v1/hosts', product.token, { url: `redis://:${HOST_PASSWORD}@127.0.0.1:1` }),
    await edge('/v1/hosts', product.token, { url: `redis://:${HOST_PASSWORD}@127.0.0.1:1`, zone: 7 }),
  ];
  await Promise.all([plantLinks(), plantPosts()]);
  const cookie = `__Host-foreshard=${secrets.get('cookie')}`;
  const { origin } = new URL(product.consoleUrl);
  const link = { secret: `${secrets.get('invitation')}x`, password: WRONG_PASSWORD };
  bodies.push(
    ...(await plantDevice(cookie)),
    (await ask('/api/links', { origin }, link)).body,
    // the console asks an edge, as the person
    (
      await ask(
        '/api/trpc/operations.hosts.add',
        { cookie, origin },
        { url: `redis://:${HOST_PASSWORD}@127.0.0.1:1` },
      )
    ).body,
    (
      await ask(
        '/api/trpc/operations.clusters.add',
        { cookie, origin },
        { name: 'theirs', prometheus: SOURCE },
      )
    ).body,
  );
  const target = JSON.parse(
    await edge('/v1/notification-targets', product.token, { name: 'ops', url: 'http://127.0.0.1:9/hook' }),
  );
  secrets.set('webhook secret', target.secret);
  const made = await product.foreshard('tokens', 'create', 'shop', '--scope', 'events:read', '--json');
  secrets.set('made token', JSON.parse(made.stdout).token);
  const listed = await product.foreshard('hosts', 'add', `redis://:${HOST_PASSWORD}@127.0.0.1:1`);
  expect(listed.code).not.toBe(0);
  // what is looked for would be found
  await run('sleep', ['0.371']);
  watching = false;
  await watch;
  expect([...seen].some((text) => text.includes('\0' + '0.371'))).toBe(true);
  const logs = await logsOf(join(product.dataDir, 'logs'));
  const audited = new Map<string, string>();
  for (const format of ['ndjson', 'csv'])
    audited.set(format, (await ask(`/api/audit/export?format=${format}`, { cookie })).body);
  audited.set('list', (await product.foreshard('audit', 'list', '--limit', '1000', '--json')).stdout);
  for (const operation of ['users.link', 'users.invite', 'hosts.add', 'clusters.add', 'account.decideDevice'])
    for (const [name, text] of audited) expect(text, `${operation} in ${name}`).toContain(operation);
  expect([...logs.keys()].sort()).toEqual(expect.arrayContaining(['console.log', 'edge.log', 'worker.log']));
  // what a person types into a shell is refused, and its arguments are theirs
  const ours = [...seen].filter((text) => !text.includes('\0hosts\0add\0'));
  const places = [...logs, ...audited, ...(await measuredAndShown())];
  places.push(['arguments', ours.join('\n')], ['a body', bodies.join('\n')]);
  const found: string[] = [];
  for (const [name, secret] of secrets) {
    expect(secret.length, name).toBeGreaterThan(12);
    for (const [place, text] of places) if (text.includes(secret)) found.push(`${name} in ${place}`);
  }
  expect(found).toEqual([]);
  for (const text of [...logs.values(), ...audited.values(), ...bodies, ...ours])
    expect(ASSERTION.exec(text)?.[0]).toBeUndefined();
  expect([...secrets.keys()]).toEqual(
    expect.arrayContaining([
      ...['password of server 0', 'password of server 1', 'password of server 2', 'invitation'],
      ...['reset link', 'device code', 'token of a device', 'made token', 'webhook secret', 'cookie'],
    ]),
  );
  expect(logs.get('worker.log')).toContain('"name":"worker"');
  expect(product.output()).not.toContain(product.token);
}, 120_000);

async function consoleProcess(): Promise<{ readonly pid: number }> {
  const { stdout } = await product.foreshard('status', '--json');
  const { processes } = JSON.parse(stdout) as { processes: { name: string; pid: number }[] };
  return processes.find(({ name }) => name === 'console')!;
}

async function argumentsOfAll(): Promise<string[]> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const read = processes.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => ''));
  return (await Promise.all(read)).filter((text) => text !== '');
}

async function logsOf(dir: string): Promise<Map<string, string>> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.log'));
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(dir, name), 'utf8')] as const)),
  );
}
