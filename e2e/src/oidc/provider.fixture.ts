/**
 * A real identity provider on loopback that lets its person in without asking, and one that lies: what it says in an
 * id token is changed and signed again with its own key, since a provider does not lie by itself.
 */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { freePort } from '@foreshard/local';
import { decodeJwt, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import Provider from 'oidc-provider';

export const CLIENT_ID = 'foreshard';
export const CLIENT_SECRET = 'a secret of the console';

export interface Account {
  readonly sub: string;
  readonly email: string;
  readonly email_verified?: boolean;
  readonly name: string;
  readonly groups: readonly string[];
}

type Claims = Record<string, unknown>;

export interface TestProvider {
  readonly issuer: string;
  /** who signs in from now on */
  account: Account;
  /** changes what the next id tokens say; undefined: nothing */
  lie: ((claims: Claims) => Claims) | undefined;
  /** signs the next id tokens with a key that is not its own, under the name of its own */
  isForged: boolean;
  /** another key signs from now on, and the one before is forgotten */
  rotateKeys(): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function startProvider(consoleUrl: string, account: Account): Promise<TestProvider> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  let key = await newKey();
  let provider = providerOf(issuer, consoleUrl, key, () => test.account);
  let server: Server | undefined;
  const test: TestProvider = {
    issuer,
    account,
    lie: undefined,
    isForged: false,
    async rotateKeys() {
      key = await newKey();
      provider = providerOf(issuer, consoleUrl, key, () => test.account);
    },
    async start() {
      server = createServer((request, response) => {
        void answer(provider, request, response, lyingOf(test, key));
      });
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    async stop() {
      server?.closeAllConnections();
      await new Promise((done) => server?.close(done));
    },
  };
  await test.start();
  return test;
}

async function newKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: crypto.randomUUID(), alg: 'RS256', use: 'sig' };
}

function providerOf(issuer: string, consoleUrl: string, key: JWK, account: () => Account): Provider {
  return new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: [`${consoleUrl}/api/oidc/callback`],
        post_logout_redirect_uris: [`${consoleUrl}/sign-in`],
      },
    ],
    jwks: { keys: [key] },
    cookies: { keys: ['of a test'] },
    claims: { openid: ['sub', 'groups'], email: ['email', 'email_verified'], profile: ['name'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    findAccount: (_: unknown, accountId: string) => ({ accountId, claims: async () => account() }),
    clientBasedCORS: () => false,
    ttl: { Interaction: 600, Grant: 600, Session: 600, AccessToken: 600, IdToken: 600 },
  });
}

interface Lying {
  readonly lie: (claims: Claims) => Claims;
  readonly key: Promise<JWK>;
}

function lyingOf({ lie, isForged }: TestProvider, key: JWK): Lying | undefined {
  if (isForged)
    return { lie: (claims) => claims, key: newKey().then((other) => ({ ...other, kid: key.kid! })) };
  return lie && { lie, key: Promise.resolve(key) };
}

async function answer(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  lying: Lying | undefined,
): Promise<void> {
  if (request.url?.startsWith('/interaction/')) return letIn(provider, request, response);
  if (lying !== undefined && request.url === '/token') changeAnswer(response, lying);
  provider.callback()(request, response);
}

/** Whoever comes is the account of the test, and agrees. */
async function letIn(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login')
    return provider.interactionFinished(request, response, { login: { accountId: ACCOUNT } });
  const grant = new provider.Grant({ accountId: session!.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const grantId = await grant.save();
  await provider.interactionFinished(
    request,
    response,
    { consent: { grantId } },
    { mergeWithLastSubmission: true },
  );
}

const ACCOUNT = 'of-the-test';

function changeAnswer(response: ServerResponse, { lie, key }: Lying): void {
  const end = response.end.bind(response);
  response.end = ((chunk: unknown) => {
    const body = JSON.parse(String(chunk)) as { id_token?: string };
    if (body.id_token === undefined) return end(chunk);
    void relied(body.id_token, lie, key).then((id_token) => {
      const text = JSON.stringify({ ...body, id_token });
      response.setHeader('content-length', Buffer.byteLength(text));
      end(text);
    });
    return response;
  }) as typeof response.end;
}

async function relied(token: string, lie: Lying['lie'], used: Promise<JWK>): Promise<string> {
  const claims = lie(decodeJwt(token));
  const key = await used;
  const header = { alg: 'RS256', kid: key.kid! };
  return new SignJWT(claims).setProtectedHeader(header).sign(await importJWK(key, 'RS256'));
}

/** Goes where a browser would, from the start until it is sent back; answers the search of that address. */
export async function followed(startUrl: string, until: string): Promise<string> {
  const cookies = new Map<string, string>();
  let url = startUrl;
  for (let hops = 0; hops < 10; hops++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const set of response.headers.getSetCookie()) {
      const [pair = ''] = set.split(';');
      const at = pair.indexOf('=');
      cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`${url} answers ${response.status}: ${await response.text()}`);
    const next = new URL(location, url);
    if (next.href.startsWith(until)) return next.search;
    url = next.href;
  }
  throw new Error('sent from one address to the next without end');
}
