/**
 * The release before people had accounts makes a folder of data: events, tokens, a group that has read some, a policy, a
 * move. Then this one is started on it.
 */
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryFolder, temporaryFolder } from '@foreshard/local';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Product, startProduct } from '../product.ts';
import { newSession } from '../signing-in.ts';
import { takeRelease, whyNoRelease } from './release.fixture.ts';

const RELEASE = 'd4c6a72';
const KEYS = 8;
const EVENTS = 200;
/** With what an earlier release may lack: packages, the build of the console. */
const START_WITHIN_MS = 900_000;
const GROUP = { name: 'billing', stream: 'main' };

interface Stored {
  readonly id: string;
  readonly status: string;
  readonly shardlet: number;
  readonly seq: number;
}
interface Credentials {
  readonly token: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly hosts: readonly string[];
}

const missing = await whyNoRelease(RELEASE);
const upgraded = it.skipIf(missing !== undefined);
if (missing !== undefined) process.stderr.write(`the upgrade is not tested: ${missing}\n`);

let folder: TemporaryFolder;
let dataDir: string;
let product: Product | undefined;
let before: { stored: Stored[]; consumed: number; producer: string; reader: string; known: Credentials };

beforeAll(async () => {
  if (missing !== undefined) return;
  folder = await temporaryFolder('upgrade');
  dataDir = join(folder.path, 'data');
  const release = await takeRelease(RELEASE);
  try {
    product = await startProduct(dataDir, {}, release.path);
    before = await useBefore(product);
    await product.stop();
  } finally {
    await product?.stop();
    await release.remove();
  }
  product = await startProduct(dataDir);
}, START_WITHIN_MS);
afterAll(async () => {
  await product?.stop();
  await folder?.remove();
}, 60_000);

async function useBefore({ edgeUrl, token, foreshard }: Product): Promise<typeof before> {
  const made = async (...args: string[]) => {
    const { code, stdout, stderr } = await foreshard(...args);
    if (code !== 0) throw new Error(`foreshard ${args.join(' ')} ended with ${code}: ${stderr}`);
    return stdout.trim();
  };
  const stored = await send(edgeUrl, token, 0, EVENTS);
  const [producer, reader] = [
    await made('tokens', 'create', 'producers', '--scope', 'ingest'),
    await made('tokens', 'create', 'readers', '--scope', 'read', 'consume'),
  ];
  await asked(`${edgeUrl}/v1/groups`, token, GROUP);
  const consumed = await consume(edgeUrl, token);
  await made('policy', 'change', 'mode=ask');
  return { stored, consumed, producer, reader, known: await credentials() };
}

const eventOf = (n: number) => ({
  ...{ specversion: '1.0', id: `${n}`, source: '/shop', type: 'sold' },
  ...{ subject: `customer-${n % KEYS}`, data: { n } },
});

async function send(edgeUrl: string, token: string, from: number, count: number): Promise<Stored[]> {
  const body = Array.from({ length: count }, (_, i) => eventOf(from + i));
  const { results } = await asked(`${edgeUrl}/v1/events`, token, body, 'application/cloudevents-batch+json');
  return results as Stored[];
}

/** Distinct events of the log, by their place. */
async function readLog(edgeUrl: string, token: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let cursor = 'oldest'; ; ) {
    const page = await asked(`${edgeUrl}/v1/log?limit=1000&wait=3000&from=${cursor}`, token);
    const events = page.events as { shardlet: number; seq: number; event: { id: string } }[];
    for (const { shardlet, seq, event } of events) found.set(`${shardlet}/${seq}`, event.id);
    if (events.length === 0) return found;
    cursor = page.next;
  }
}

/** Commits what one poll brings; answers the events. */
async function consume(edgeUrl: string, token: string): Promise<number> {
  const member = { member: 'm1', limit: 50, wait: 5_000 };
  const { batches = [] } = await asked(`${edgeUrl}/v1/groups/billing/poll`, token, member);
  const positions = (batches as Record<string, unknown>[]).map(
    ({ shardlet, through, epoch, assignment }) => ({
      ...{ shardlet, epoch, assignment, seq: through },
    }),
  );
  if (positions.length > 0)
    await asked(`${edgeUrl}/v1/groups/billing/commit`, token, { member: 'm1', positions });
  return (batches as { events: unknown[] }[]).reduce((sum, { events }) => sum + events.length, 0);
}

async function asked(url: string, token: string, body?: unknown, type = 'application/json') {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(body === undefined ? {} : { 'content-type': type }),
  };
  const request = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(url, { headers, ...request });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  return JSON.parse(text);
}

async function credentials(): Promise<Credentials> {
  return JSON.parse(await readFile(join(dataDir, 'credentials.json'), 'utf8'));
}

const placed = (events: readonly Stored[]) => new Map(events.map((e) => [`${e.shardlet}/${e.seq}`, e.id]));

async function problems(): Promise<unknown[]> {
  const { stdout } = await product!.foreshard('doctor', '--json');
  return JSON.parse(stdout).filter(({ level }: { level: string }) => level === 'problem');
}

upgraded('its events are there, and are known when they are sent again', async () => {
  const { edgeUrl } = product!;
  const { known, stored } = before;
  expect(stored.map(({ status }) => status)).toEqual(Array(EVENTS).fill('stored'));
  expect(await readLog(edgeUrl, known.token)).toEqual(placed(stored));
  const again = await send(edgeUrl, known.token, 0, EVENTS + 1);
  expect(again.slice(0, EVENTS)).toMatchObject(
    stored.map(({ id, shardlet, seq }) => ({ id, status: 'duplicate', shardlet, seq })),
  );
  expect(again.at(-1)).toMatchObject({ status: 'stored' });
});

upgraded('its tokens open what they opened, and nothing else', async () => {
  const { edgeUrl, token } = product!;
  const { known, producer, reader } = before;
  expect(token).toBe(known.token);
  expect(await send(edgeUrl, producer, 0, 1)).toMatchObject([{ status: 'duplicate' }]);
  await expect(readLog(edgeUrl, producer)).rejects.toThrow('403');
  await expect(send(edgeUrl, reader, 0, 1)).rejects.toThrow('403');
  expect((await readLog(edgeUrl, reader)).size).toBeGreaterThanOrEqual(EVENTS);
  const { tokens } = await asked(`${edgeUrl}/v1/tokens`, token);
  const own = (tokens as { name: string; expiresAt: string | null }[]).filter(
    ({ name }) => name === 'producers',
  );
  expect(own).toMatchObject([{ expiresAt: null }]);
});

upgraded('its group goes on behind what it has committed, and its policy is in force', async () => {
  const { edgeUrl, token, foreshard } = product!;
  let consumed = before.consumed;
  expect(consumed).toBeGreaterThan(0);
  for (let more = -1; more !== 0; ) consumed += more = await consume(edgeUrl, token);
  // and the one that was sent since
  expect(consumed).toBe(EVENTS + 1);
  const { stdout } = await foreshard('policy', 'show', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ holding: { version: 1, policy: { mode: 'ask' } } });
});

upgraded('the first administrator gets in, and the doctor finds no problem', async () => {
  expect(await problems()).toEqual([]);
  await newSession(product!.consoleUrl);
  expect((await fetch(product!.consoleUrl, { redirect: 'manual' })).status).toBe(307);
});

upgraded(
  'its passwords go on, and are changed in place where their files are gone',
  async () => {
    const logins = ({ databaseUrl, redisUrl, hosts }: Credentials) => [databaseUrl, redisUrl, ...hosts];
    const kept = await credentials();
    expect(logins(kept)).toEqual(logins(before.known));
    await product!.stop();
    for (const server of [
      '.',
      'control-redis',
      'hosts/host-1',
      'hosts/host-2',
      'hosts/host-3',
      'hosts/host-4',
    ])
      await rm(join(dataDir, server, 'users.json'));
    product = await startProduct(dataDir);
    const changed = await credentials();
    const same = logins(changed).filter((url) => logins(kept).includes(url));
    expect(same).toEqual([]);
    expect((await stat(join(dataDir, 'credentials.json'))).mode & 0o777).toBe(0o600);
    expect(await readLog(product.edgeUrl, kept.token)).toMatchObject({ size: EVENTS + 1 });
    expect(await problems()).toEqual([]);
  },
  180_000,
);
