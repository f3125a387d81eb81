/**
 * A product whose console has a certificate of its own, and into which secrets were planted: none of them is in a log, in
 * the arguments of a process or in the body of an error.
 */
import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '@foreshard/local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Product, startProduct } from '../product.ts';
import { ADMINISTRATOR } from '../signing-in.ts';

const run = promisify(execFile);
const OIDC_SECRET = 'planted-oidc-secret-7f3a';
const WRONG_PASSWORD = 'planted wrong password 91c2';
const HOST_PASSWORD = 'planted-host-password-55de';
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

it('no secret is in a log, in the arguments of a process or in the body of an error', async () => {
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
  expect([...logs.keys()].sort()).toEqual(expect.arrayContaining(['console.log', 'edge.log', 'worker.log']));
  // what a person types into a shell is refused, and its arguments are theirs
  const ours = [...seen].filter((text) => !text.includes('\0hosts\0add\0'));
  for (const [name, secret] of secrets) {
    expect(secret.length, name).toBeGreaterThan(12);
    for (const [file, text] of logs) expect(text.includes(secret), `${name} in ${file}`).toBe(false);
    expect(
      ours.filter((text) => text.includes(secret)),
      `${name} in arguments`,
    ).toEqual([]);
    expect(
      bodies.filter((text) => text.includes(secret)),
      `${name} in a body`,
    ).toEqual([]);
  }
  expect(logs.get('worker.log')).toContain('"name":"worker"');
  expect(product.output()).not.toContain(product.token);
}, 60_000);

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
