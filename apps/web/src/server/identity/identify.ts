/** Who makes a request: a person by the cookie of a session, or a program by an API token. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  grantsOfToken,
  type NetworkMatcher,
  type Principal,
  permittedNetworks,
} from '@foreshard/core/access';
import type { Sessions } from '@foreshard/core/adapters/identity';
import type { ActiveToken } from '@foreshard/core/adapters/prisma';
import type { Origin } from '@foreshard/core/audit';
import { clientAddress } from './client-address.ts';
import { readCookie } from './cookie.ts';

export interface Identity {
  readonly principal: Principal;
  /** the e-mail has a name beside it; programs have none */
  readonly displayName: string | undefined;
  /** names of the roles of a person */
  readonly roles: readonly string[];
  /** signs in at the identity provider */
  readonly isProvided: boolean;
  readonly sessionId: string | undefined;
  /** the store of sessions is unreachable: nothing may be changed */
  readonly readOnly: boolean;
}

export interface IdentifyParts {
  readonly sessions: Sessions;
  readonly tokens: TokenLookup;
  readonly cookie: string;
  /** in front of the console */
  readonly proxies: number;
}

const BEARER = /^Bearer ([\w-]{1,200})$/i;
const REQUEST_ID = /^[\w-]{1,64}$/;

/** Undefined: nobody who is known. @throws what the store throws */
export async function identify(parts: IdentifyParts, headers: Headers): Promise<Identity | undefined> {
  const authorization = headers.get('authorization');
  if (authorization !== null) return byToken(parts, authorization, clientAddress(headers, parts.proxies));
  const secret = readCookie(headers, parts.cookie);
  const found = secret === undefined ? undefined : await parts.sessions.find(secret);
  if (found === undefined) return undefined;
  const { principal, session, readOnly } = found;
  const { name, roles, signIn } = session.person;
  return {
    ...{ principal, displayName: name, roles: [...new Set(roles.map(({ role }) => role))] },
    ...{ isProvided: signIn === 'oidc', sessionId: session.id, readOnly },
  };
}

async function byToken(
  { tokens }: IdentifyParts,
  authorization: string,
  address: string,
): Promise<Identity | undefined> {
  const token = BEARER.exec(authorization)?.[1];
  const principal = token === undefined ? undefined : await tokens.find(token, address);
  if (principal === undefined) return undefined;
  return {
    principal,
    displayName: undefined,
    roles: [],
    isProvided: false,
    sessionId: undefined,
    readOnly: false,
  };
}

export function originOf(headers: Headers, proxies: number, sessionId: string | undefined): Origin {
  const given = headers.get('x-request-id');
  return {
    surface: 'console',
    address: clientAddress(headers, proxies),
    requestId: given !== null && REQUEST_ID.test(given) ? given : crypto.randomUUID(),
    ...(sessionId === undefined ? {} : { sessionId }),
  };
}

const TOKENS_FRESH_MS = 2_000;
const MISS_FRESH_MS = 250;

interface ActiveTokens {
  activeHashes(): Promise<readonly ActiveToken[]>;
}

/** The tokens that hold, read at most every two seconds. */
export class TokenLookup {
  private readonly store: ActiveTokens;
  private readonly hash: (token: string) => string;
  private known: Promise<ReadonlyMap<string, KnownToken>> | undefined;
  private nextRead: Promise<ReadonlyMap<string, KnownToken>> | undefined;
  /** on the monotonic clock */
  private readAtMs = Number.NEGATIVE_INFINITY;
  private readonly bearers = new WeakMap<Principal, string>();

  constructor(store: ActiveTokens, hash: (token: string) => string) {
    this.store = store;
    this.hash = hash;
  }

  async find(token: string, address: string): Promise<Principal | undefined> {
    const hash = this.hash(token);
    const known = (await this.recent()).get(hash) ?? (await this.readNext()).get(hash);
    if (known === undefined || known.expiresAtMs <= Date.now()) return undefined;
    if (known.isPermitted?.(address) === false) return undefined;
    this.bearers.set(known.principal, token);
    return known.principal;
  }

  /** The token that somebody came with, to come to an edge with: that judges it as if it was asked itself. */
  bearerOf(principal: Principal): string | undefined {
    return this.bearers.get(principal);
  }

  private recent(): Promise<ReadonlyMap<string, KnownToken>> {
    const isRecent = performance.now() - this.readAtMs < TOKENS_FRESH_MS;
    return this.known !== undefined && isRecent ? this.known : this.readNow();
  }

  /**
   * A read that begins after the call, so a token that was just made works at once. All who wait share it, and it
   * begins MISS_FRESH_MS after the last one: a flood of wrong tokens costs no more than that.
   */
  private readNext(): Promise<ReadonlyMap<string, KnownToken>> {
    this.nextRead ??= this.readAfterPause();
    return this.nextRead;
  }

  private async readAfterPause(): Promise<ReadonlyMap<string, KnownToken>> {
    await sleep(Math.max(0, MISS_FRESH_MS - (performance.now() - this.readAtMs)));
    this.nextRead = undefined;
    return this.readNow();
  }

  private readNow(): Promise<ReadonlyMap<string, KnownToken>> {
    this.readAtMs = performance.now();
    const read = this.read();
    this.known = read;
    // the next one asks again
    read.catch(() => {
      if (this.known === read) this.known = undefined;
    });
    return read;
  }

  private async read(): Promise<ReadonlyMap<string, KnownToken>> {
    const active = await this.store.activeHashes();
    return new Map(active.map((token) => [token.hash, knownToken(token)]));
  }
}

interface KnownToken {
  readonly principal: Principal;
  /** undefined: from anywhere */
  readonly isPermitted: NetworkMatcher | undefined;
  readonly expiresAtMs: number;
}

function knownToken(token: ActiveToken): KnownToken {
  const { id, name, owner, cidrs, expiresAtMs } = token;
  const principal: Principal = { kind: 'token', id, name, owner, grants: grantsOfToken(token) };
  const isPermitted = permittedNetworks(cidrs);
  return { principal, isPermitted, expiresAtMs: expiresAtMs ?? Number.POSITIVE_INFINITY };
}
