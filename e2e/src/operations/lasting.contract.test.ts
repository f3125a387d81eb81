/**
 * Whatever lasts ends with the right to it, within the five seconds that docs/people.md promises: live tails and feeds,
 * at the console and at an edge, the command line, and downloads, which are broken off so that none looks whole.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EVERYWHERE } from '@foreshard/core/access';
import { hashSecret } from '@foreshard/core/adapters/identity';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { EdgeCluster } from '../../../apps/edge/src/edge-process.fixture.ts';
import { cookieName } from '../../../apps/web/src/server/identity/cookie.ts';
import { type Authorization, bearer, type ConsoleProcess, startConsole } from './surfaces.fixture.ts';

/** docs/people.md */
const HOLDS_WITHIN_MS = 5_000;
/** The command line tries once more before it believes the refusal. */
const COMMAND_ENDS_WITHIN_MS = 15_000;
const OVERLAP_MS = 1_500;
const HOUR_MS = 3_600_000;
const CLI = fileURLToPath(new URL('../../../apps/cli/src/main.ts', import.meta.url));

/** Each export is far more than sockets hold for a reader that waits. */
const AUDIT_ROWS = 15_000;
const EVENTS = 24;
const EVENT_CHARS = 700_000;

let cluster: EdgeCluster;
let console: ConsoleProcess;

beforeAll(async () => {
  cluster = await EdgeCluster.start(1, inject('postgresUrl'));
  await cluster.startEdge();
  for (const name of ['main', 'small']) await cluster.createStream({ name, shardCount: 1 });
  await Promise.all([addEvents(), addAuditRows()]);
  console = await startConsole({
    ...{ DATABASE_URL: cluster.databaseUrl, REDIS_URL: cluster.controlRedis.url },
    ...{ FORESHARD_EDGE_URL: cluster.edgeUrl },
  });
}, 180_000);
afterAll(async () => {
  await console?.stop();
  await cluster?.stop();
});

async function addEvents(): Promise<void> {
  const event = { specversion: '1.0', source: '/test', type: 'tested', subject: 'a' };
  for (let i = 0; i < EVENTS; i++) {
    const large = { ...event, id: String(i), data: 'x'.repeat(EVENT_CHARS) };
    expect((await cluster.post([large])).status).toBe(200);
  }
  const { status } = await cluster.post([{ ...event, id: 'small' }], '/v1/streams/small/events');
  expect(status).toBe(200);
}

async function addAuditRows(): Promise<void> {
  const client = new Client({ connectionString: cluster.databaseUrl });
  await client.connect();
  await client.query(
    `INSERT INTO audit_row (outcome, actor_kind, actor_id, actor, address, surface, operation, resource, target,
       request_id, reason)
     SELECT 'done', 'process', 'x', 'a test', '', 'console', 'hosts.drain', 'host', n::text, n::text, repeat('r', 900)
     FROM generate_series(1, ${AUDIT_ROWS}) n`,
  );
  await client.end();
}

interface Someone {
  readonly personId: string;
  readonly tokenId: string;
  readonly token: string;
  readonly cookie: string;
}

/** An administrator who is signed in and has a token. */
async function someone(name: string): Promise<Someone> {
  const { control, databaseUrl } = cluster;
  const roles = [{ role: 'administrator', scope: EVERYWHERE }] as const;
  const person = await control.people.create({ email: `${name}@example.org`, name, roles });
  const secret = randomBytes(32).toString('base64url');
  await control.sessions.create({
    ...{ hash: hashSecret(secret), personId: person!.id, address: '', userAgent: '' },
    expiresAt: new Date(Date.now() + HOUR_MS),
  });
  const made = await control.tokens.create({ name, ownerId: person!.id });
  return {
    ...{ personId: person!.id, tokenId: made.token.id, token: made.plaintext },
    cookie: `${cookieName({ tls: false, databaseUrl })}=${secret}`,
  };
}

/** Something that lasts; `ended` is after how many ms, on the clock of the process. */
interface Lasting {
  readonly what: string;
  readonly withinMs: number;
  readonly ended: Promise<number>;
}

async function opened(url: string, headers: Record<string, string>): Promise<Response> {
  const answer = await fetch(url, { headers });
  expect([url, answer.status]).toEqual([url, 200]);
  return answer;
}

async function live(url: string, authorization: Authorization): Promise<Lasting> {
  const answer = await opened(url, { ...authorization, accept: 'text/event-stream' });
  const reader = answer.body!.getReader();
  expect((await reader.read()).done).toBe(false);
  const ended = async () => {
    while (!(await reader.read()).done);
    return performance.now();
  };
  return lasting(url, HOLDS_WITHIN_MS, ended());
}

/** A test that has failed already hears no more of it. */
function lasting(what: string, withinMs: number, ended: Promise<number>): Lasting {
  ended.catch(() => {});
  return { what, withinMs, ended };
}

async function command(token: string): Promise<Lasting> {
  const env = { ...process.env, FORESHARD_EDGE_URL: cluster.edgeUrl, FORESHARD_TOKEN: token };
  const args = ['tail', '--stream', 'small', '--from', 'oldest', '--json'];
  const child = spawn(process.execPath, [CLI, ...args], { env });
  let said = '';
  child.stderr.on('data', (chunk) => (said += String(chunk)));
  child.stdout.resume();
  await once(child.stdout, 'data');
  const ended = once(child, 'close').then(([code]) => {
    expect(code, said).toBe(2);
    expect(said).toMatch(/token/);
    return performance.now();
  });
  return lasting('foreshard tail', COMMAND_ENDS_WITHIN_MS, ended);
}

interface Download {
  readonly what: string;
  /** takes what is left: it breaks off */
  rest(): Promise<number>;
}

async function download(path: string, authorization: Authorization): Promise<Download> {
  const answer = await opened(new URL(path, console.url).href, authorization);
  const reader = answer.body!.getReader();
  expect((await reader.read()).done).toBe(false);
  return {
    what: path,
    async rest() {
      let bytes = 0;
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return bytes;
        bytes += value.length;
      }
    },
  };
}

const atConsole = (procedure: string) => new URL(`/api/trpc/${procedure}`, console.url).href;
const TAIL = `events.tail?input=${encodeURIComponent('{"stream":"small"}')}`;

const livesAtConsole = (authorization: Authorization) => [
  live(atConsole(TAIL), authorization),
  live(atConsole('overview.live'), authorization),
];
const livesAtEdge = ({ token }: Someone) => [
  live(`${cluster.edgeUrl}/v1/streams/small/log?from=oldest`, bearer(token)),
  live(`${cluster.edgeUrl}/v1/streams/small/keys/a/events`, bearer(token)),
  command(token),
];
const downloads = (authorization: Authorization) =>
  ['/api/events/export', '/api/audit/export'].map((path) => download(path, authorization));

describe.concurrent.each([
  ['the session ends', 'cookie', ({ personId }) => cluster.control.sessions.endAll({ personId })],
  ['a person is disabled', 'both', ({ personId }) => change(personId, { state: 'disabled' })],
  ['a person loses the role', 'both', ({ personId }) => change(personId, { roles: [] })],
  ['a person is removed', 'both', ({ personId }) => cluster.control.people.remove(personId)],
  ['the token is revoked', 'token', ({ tokenId }) => cluster.control.tokens.revoke(tokenId)],
  ['the overlap of a rotation ends', 'token', ({ tokenId }) => rotated(tokenId)],
] satisfies [string, 'cookie' | 'token' | 'both', (who: Someone) => Promise<unknown>][])(
  'when %s',
  (why, by, end) => {
    it('feeds and tails end, and downloads break off', async () => {
      const who = await someone(why.replaceAll(' ', '-'));
      const known: Authorization[] = [
        ...(by === 'token' ? [] : [{ cookie: who.cookie }]),
        ...(by === 'cookie' ? [] : [bearer(who.token)]),
      ];
      const followed = await Promise.all([
        ...known.flatMap(livesAtConsole),
        ...(by === 'cookie' ? [] : livesAtEdge(who)),
      ]);
      const taken = await Promise.all(known.flatMap(downloads));
      await end(who);
      const startedMs = performance.now();
      for (const { what, withinMs, ended } of followed)
        expect((await ended) - startedMs, what).toBeLessThan(withinMs);
      await sleep(Math.max(0, startedMs + HOLDS_WITHIN_MS - performance.now()));
      for (const { what, rest } of taken) await expect(rest(), what).rejects.toThrow();
    }, 60_000);
  },
);

async function change(id: string, to: Parameters<typeof cluster.control.people.change>[1]): Promise<void> {
  await cluster.control.people.change(id, to);
}

/** Answers when the one before has ended. */
async function rotated(id: string): Promise<void> {
  const oldExpiresAt = new Date(Date.now() + OVERLAP_MS);
  await cluster.control.tokens.rotate(id, { oldExpiresAt, expiresAt: undefined });
  await sleep(OVERLAP_MS);
}

it('downloads of somebody who may go on are whole', async () => {
  const { cookie } = await someone('goes-on');
  for (const path of ['/api/events/export', '/api/audit/export?format=csv', '/api/shardlets/export']) {
    const text = await (await opened(new URL(path, console.url).href, { cookie })).text();
    const lines = text.trimEnd().split('\n').length;
    if (path.startsWith('/api/events')) expect(lines).toBe(EVENTS);
    if (path.startsWith('/api/audit')) expect(lines).toBeGreaterThan(AUDIT_ROWS);
    expect(lines).toBeGreaterThan(0);
  }
}, 60_000);
