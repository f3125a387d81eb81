/**
 * Who left the identity provider does not sign in there any more, so the tokens of that person end: a real provider, a real
 * edge, and a last sign-in that was long ago.
 */
import {
  IdentityProvider,
  redisThrottle,
  SESSION_SETTINGS,
  Sessions,
  SigningIn,
} from '@foreshard/core/adapters/identity';
import { guardOfServers } from '@foreshard/core/adapters/webhooks';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { EdgeCluster } from '../../../apps/edge/src/edge-process.fixture.ts';
import { CLIENT_ID, CLIENT_SECRET, followed, startProvider, type TestProvider } from './provider.fixture.ts';

const CONSOLE = 'http://127.0.0.1:1';
const CALLBACK = `${CONSOLE}/api/oidc/callback`;
const ADA = { sub: 's-1', email: 'ada@example.org', email_verified: true, name: 'Ada', groups: ['sre'] };
/** The setting of the edge. */
const DAYS = 7;

let provider: TestProvider;
let cluster: EdgeCluster;
let database: Client;
let token: string;

beforeAll(async () => {
  [provider, cluster] = await Promise.all([
    startProvider(CONSOLE, ADA),
    EdgeCluster.start(1, inject('postgresUrl')),
  ]);
  database = new Client(cluster.databaseUrl);
  await database.connect();
  await cluster.createStream({ name: 'main', shardCount: 1 });
  await cluster.startEdge({ TOKEN_SIGN_IN_DAYS: String(DAYS), EDGE_REFRESH_MS: '100' });
}, 120_000);
afterAll(async () => {
  await database?.end();
  await Promise.all([provider?.stop(), cluster?.stop()]);
});

async function signIn(): Promise<string> {
  const { people, links, sessions: store } = cluster.control;
  const client = new IdentityProvider({
    ...{ issuer: provider.issuer, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, groupsClaim: 'groups' },
    ...{ redirectUri: CALLBACK, guard: guardOfServers(undefined) },
    roles: new Map([['sre', 'reader'] as const]),
  });
  const throttle = redisThrottle(cluster.control.redis, { name: 'any', failuresMax: 10, windowMs: 1_000 });
  const sessions = new Sessions(store, SESSION_SETTINGS, Date.now);
  const parts = { people, links, sessions, byAddress: throttle, byEmail: throttle, nowMs: Date.now };
  const { url, pending } = await client.start();
  const reply = await client.finish(await followed(url, CALLBACK), pending);
  if (reply.kind !== 'known') throw new Error(reply.detail);
  const entered = await new SigningIn(parts).withProvider(reply.person, { address: '', userAgent: '' });
  if (entered.kind !== 'entered') throw new Error(entered.detail);
  return (await people.byEmail(ADA.email))!.id;
}

beforeEach(async () => {
  const ownerId = await signIn();
  const made = await cluster.control.tokens.create({ name: 'reports', scopes: ['events:read'], ownerId });
  token = made.plaintext;
});

const signedInBefore = (days: number) =>
  database.query(`UPDATE person SET last_sign_in_at = now() - make_interval(hours => $1)`, [days * 24]);

async function read(): Promise<{ status: number; detail: string | undefined }> {
  const response = await fetch(`${cluster.edgeUrl}/v1/log?limit=1`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return { status: response.status, detail: (await response.json()).detail };
}
const status = async () => (await read()).status;

it('a token holds for the days of the setting, is refused with the reason, and works again after a sign-in', async () => {
  await expect.poll(status).toBe(200);
  await signedInBefore(DAYS - 1);
  // the edge has read the list since
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await status()).toBe(200);
  await signedInBefore(DAYS + 1);
  await expect.poll(status).toBe(401);
  expect((await read()).detail).toMatch(
    /owner of the token "reports" has not signed in .* signed in at the console/,
  );
  await signIn();
  await expect.poll(status).toBe(200);
});

it('a local account has no such limit', async () => {
  await expect.poll(status).toBe(200);
  await database.query(`UPDATE person SET oidc_issuer = NULL, oidc_subject = NULL, password_hash = 'x'`);
  await signedInBefore(400);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await status()).toBe(200);
  await database.query('DELETE FROM person');
});
