/**
 * Signing in at an identity provider: OpenID Connect with code, PKCE, state and nonce, by openid-client. What was begun
 * is kept in a cookie of the browser that began it, so an answer that somebody else brings is worth nothing. Addresses
 * and keys of the provider are read anew for each sign-in, since these are rare and keys are rotated.
 */
import * as client from 'openid-client';
import { EVERYWHERE, isPlain, plainName, type Role, type RoleGrant } from '../../access/index.ts';
import { request } from '../outgoing-http/index.ts';
import type { AddressGuard } from '../webhooks/index.ts';

export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** undefined: a public client */
  readonly clientSecret: string | undefined;
  /** the claim that lists groups */
  readonly groupsClaim: string;
  /** roles by group; who is in none of them has no role here */
  readonly roles: ReadonlyMap<string, Role>;
  /** where the provider sends people back to */
  readonly redirectUri: string;
  /** of where the provider is, and of what it names of itself */
  readonly guard: Pick<AddressGuard, 'lookup' | 'objectionToHost'>;
}

/** What the browser keeps between the start and the answer. */
export interface PendingSignIn {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export interface ProvidedPerson {
  readonly issuer: string;
  readonly subject: string;
  readonly email: string;
  readonly name: string;
  readonly roles: readonly RoleGrant[];
}

export type OidcReply =
  | { readonly kind: 'known'; readonly person: ProvidedPerson }
  | {
      readonly kind: 'refused';
      readonly reason: 'provider' | 'state' | 'refused' | 'roles';
      readonly detail: string;
    };

/** Clocks of two machines may differ by this much. */
const CLOCK_TOLERANCE_S = 30;
const CALL_TIMEOUT_S = 5;
const MS_PER_SECOND = 1_000;
const ANSWER_BYTES_MAX = 1_000_000;
const SCOPE = 'openid profile email';
const CLAIM_LENGTH_MAX = 254;

export class IdentityProvider {
  private readonly settings: OidcSettings;

  constructor(settings: OidcSettings) {
    this.settings = settings;
  }

  /** @throws Error that the provider cannot be reached, or is not the one that it should be */
  async start(): Promise<{ readonly url: string; readonly pending: PendingSignIn }> {
    const config = await this.configuration();
    const pending = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
    };
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: this.settings.redirectUri,
      scope: SCOPE,
      code_challenge: await client.calculatePKCECodeChallenge(pending.verifier),
      code_challenge_method: 'S256',
      state: pending.state,
      nonce: pending.nonce,
    });
    return { url: url.href, pending };
  }

  /** `search`: of the address that the provider has sent the browser to. */
  async finish(search: string, pending: PendingSignIn | undefined): Promise<OidcReply> {
    if (pending === undefined) return refused('state', 'no sign-in was begun in this browser');
    if (new URLSearchParams(search).get('state') !== pending.state)
      return refused('state', 'the answer belongs to another sign-in');
    try {
      return await this.judged(search, pending);
    } catch (error) {
      return refused(isAway(error) ? 'provider' : 'refused', reasonOf(error));
    }
  }

  /** Where to end the session at the provider as well; undefined: it has no such place, or is away. */
  async logoutUrl(backTo: string): Promise<string | undefined> {
    try {
      const config = await this.configuration();
      if (config.serverMetadata().end_session_endpoint === undefined) return undefined;
      return client.buildEndSessionUrl(config, { post_logout_redirect_uri: backTo }).href;
    } catch {
      return undefined;
    }
  }

  private async judged(search: string, pending: PendingSignIn): Promise<OidcReply> {
    const config = await this.configuration();
    const address = new URL(this.settings.redirectUri);
    address.search = search;
    const tokens = await client.authorizationCodeGrant(config, address, {
      pkceCodeVerifier: pending.verifier,
      expectedState: pending.state,
      expectedNonce: pending.nonce,
      idTokenExpected: true,
    });
    const claims = tokens.claims()!;
    // many providers tell groups and e-mail only there
    const more =
      config.serverMetadata().userinfo_endpoint === undefined
        ? {}
        : await client.fetchUserInfo(config, tokens.access_token, claims.sub);
    return this.personOf({ ...more, ...claims });
  }

  private personOf(claims: Readonly<Record<string, unknown>>): OidcReply {
    const { iss, sub, email, email_verified: isVerified, name } = claims;
    if (
      typeof email !== 'string' ||
      email.length > CLAIM_LENGTH_MAX ||
      !email.includes('@') ||
      !isPlain(email)
    )
      return refused('refused', 'the provider tells no e-mail address (scope "email")');
    // otherwise whoever registers with the address of somebody else would be taken for that person
    if (isVerified === false) return refused('refused', 'the provider has not verified the e-mail address');
    const roles = this.rolesOf(claims[this.settings.groupsClaim]);
    if (roles.length === 0)
      return refused('roles', `no group of ${email} has a role (claim "${this.settings.groupsClaim}")`);
    const shown = typeof name === 'string' ? plainName(name).slice(0, CLAIM_LENGTH_MAX) : '';
    const person = {
      issuer: iss as string,
      subject: sub as string,
      email: email.toLowerCase(),
      name: shown || email,
      roles,
    };
    return { kind: 'known', person };
  }

  private rolesOf(groups: unknown): RoleGrant[] {
    const names = Array.isArray(groups) ? groups : typeof groups === 'string' ? [groups] : [];
    const roles = new Set(names.flatMap((name) => this.settings.roles.get(name) ?? []));
    return [...roles].map((role) => ({ role, scope: EVERYWHERE }));
  }

  /** Asked anew each time: whoever is sent to a provider that is away comes back from an error page of the browser. */
  private configuration(): Promise<client.Configuration> {
    const { issuer, clientId, clientSecret } = this.settings;
    const metadata = { [client.clockTolerance]: CLOCK_TOLERANCE_S };
    const authentication =
      clientSecret === undefined ? client.None() : client.ClientSecretBasic(clientSecret);
    const options = {
      ...{ timeout: CALL_TIMEOUT_S, execute: this.preparations() },
      [client.customFetch]: (url: string, init: client.CustomFetchOptions) => this.fetch(url, init),
    };
    return client.discovery(new URL(issuer), clientId, metadata, authentication, options);
  }

  /** Its own document says where tokens and keys are fetched: that must not lead into what only this machine reaches. */
  private async fetch(
    url: string,
    { method, headers, body, signal }: client.CustomFetchOptions,
  ): Promise<Response> {
    const { guard } = this.settings;
    // a number is connected to without being looked up
    const objection = guard.objectionToHost(new URL(url).hostname);
    if (objection !== undefined) throw new Error(`the address of the identity provider: ${objection}`);
    const { status, text, contentType } = await request(url, {
      ...{ method: method as 'GET' | 'POST', headers, signal, lookup: guard.lookup },
      ...(body === undefined || body === null ? {} : { body: String(body) }),
      ...{ timeoutMs: CALL_TIMEOUT_S * MS_PER_SECOND, bytesMax: ANSWER_BYTES_MAX },
    }).catch((cause: unknown) => {
      // as a fetch fails, which is what the library and isAway know
      throw new TypeError('the identity provider does not answer', { cause });
    });
    return new Response(text === '' ? null : text, {
      status,
      headers: contentType === undefined ? {} : { 'content-type': contentType },
    });
  }

  /** Signatures are checked although TLS says who answers; without TLS only this machine can be asked. */
  private preparations() {
    const isPlain = new URL(this.settings.issuer).protocol === 'http:';
    return [client.enableNonRepudiationChecks, ...(isPlain ? [client.allowInsecureRequests] : [])];
  }
}

function refused(reason: Extract<OidcReply, { kind: 'refused' }>['reason'], detail: string): OidcReply {
  return { kind: 'refused', reason, detail };
}

/** Whatever failed before the provider has answered anything. */
function isAway(error: unknown): boolean {
  const { name, cause } = error as Error;
  if (error instanceof TypeError || name === 'TimeoutError' || name === 'AbortError') return true;
  return cause instanceof Error && Reflect.get(cause, 'code') === 'ECONNREFUSED';
}

/** For the log; tokens and codes are in none of these texts. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
