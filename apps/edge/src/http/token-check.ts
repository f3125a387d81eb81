/**
 * Who calls. The hashes of the active tokens are in memory, so a check asks nobody, and on disk, so an edge that starts
 * while PostgreSQL is away knows them. They are read anew when somebody changes them, every few seconds, and once when
 * a token is unknown: a new token works at once, a revoked one stops within two seconds. A list that cannot be read
 * anew is used for `staleMsMax`.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import {
  type AssertionKey,
  allows,
  mentions,
  type Permission,
  type Principal,
  type Target,
} from '@foreshard/core/access';
import { ForeshardError } from '@foreshard/core/kernel';
import { Assertions, looksLikeAssertion } from './assertions.ts';
import { type Bearer, bearerOfPerson, bearerOfToken, type KnownToken } from './bearer.ts';
import type { Peer } from './networks.ts';
import { type KnownList, TokenFile } from './token-file.ts';

export interface TokenCheckParts {
  readonly activeHashes: () => Promise<readonly KnownToken[]>;
  readonly assertionKeys: () => Promise<readonly AssertionKey[]>;
  /** Calls `listener` when tokens were changed; answers the function that ends it. Messages may be lost. */
  readonly onChange: (listener: () => void) => Promise<() => Promise<void>>;
  /** for people, who look for tokens that nobody uses any more */
  readonly markUsed: (ids: readonly string[]) => Promise<void>;
  readonly file: string;
  readonly refreshMs: number;
  /** nobody is let in by a list that is older */
  readonly staleMsMax: number;
  readonly nowMs: () => number;
  readonly warn: (message: string, error: unknown) => void;
}

/** Whoever calls, and what that caller may do from now on, as often as it is asked. */
export interface Identity {
  readonly bearer: Bearer;
  readonly principal: Principal;
  /** Undefined: does the caller exist still? */
  readonly holds: (permission?: Permission, target?: Target) => boolean;
}

/** Wrong tokens may come in floods: they cause no more questions than this. */
const QUESTION_PAUSE_MS = 1_000;
/** What people want to know is the day. */
const USED_REPORTED_EVERY_MS = 60_000;
/** Tokens are found by the beginning of their hash, then compared as a whole in constant time. */
const INDEX_CHARS = 8;
/** A console asserts anew for each call: those of a minute, of some hundred people. */
const ASSERTED_MAX = 20_000;
const BEARER = /^Bearer +([\w.~+/-]+=*)$/i;
const STORE_RETRY_AFTER_SECONDS = 5;
const MS_PER_HOUR = 3_600_000;

export class TokenCheck {
  private readonly parts: TokenCheckParts;
  private readonly file: TokenFile;
  private readonly assertions = new Assertions();
  private entries = new Map<string, Bearer[]>();
  private readonly asserted = new Map<string, Bearer>();
  /** when the store last answered; undefined: nothing was read yet */
  private readAtMs: number | undefined;
  private askedAtMs = Number.NEGATIVE_INFINITY;
  private question: Promise<void> | undefined;
  /** something was changed while the store was being asked */
  private isOutdated = false;
  private readonly used = new Set<string>();
  private usedReportedAtMs = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;
  private endListening: (() => Promise<void>) | undefined;

  constructor(parts: TokenCheckParts) {
    this.parts = parts;
    this.file = new TokenFile(parts.file);
  }

  /** false until the tokens were read once, from the store or the file */
  get isLoaded(): boolean {
    return this.readAtMs !== undefined;
  }

  /** How old the list is. */
  get ageMs(): number {
    return this.readAtMs === undefined ? Number.POSITIVE_INFINITY : this.parts.nowMs() - this.readAtMs;
  }

  async start(): Promise<void> {
    const [endListening] = await Promise.all([this.parts.onChange(() => this.wake()), this.refresh()]);
    this.endListening = endListening;
    if (!this.isLoaded) await this.readFile();
    this.timer = setInterval(() => void this.refresh(), this.parts.refreshMs);
  }

  stop(): void {
    clearInterval(this.timer);
    this.endListening?.().catch(() => {});
  }

  /** The hot path: undefined for who is not known now, or not from there. */
  known(authorization: string | undefined, peer: Peer): Bearer | undefined {
    const bearer = this.find(authorization);
    if (bearer === undefined || this.isStale()) return undefined;
    return bearer.networks === undefined || bearer.networks(peer) ? bearer : undefined;
  }

  /**
   * The same, after asking the store about who is not known.
   * @throws ForeshardError unauthorized, forbidden, store_unreachable
   */
  async identify(authorization: string | undefined, peer: Peer): Promise<Bearer> {
    if (authorization === undefined)
      throw new ForeshardError('unauthorized', 'There is no Authorization header.');
    const bearer = this.find(authorization) ?? (await this.soughtFor(authorization));
    if (this.isStale()) throw this.stale();
    if (bearer === undefined && !BEARER.test(authorization))
      throw new ForeshardError('unauthorized', 'The Authorization header holds no Bearer token.');
    if (bearer === undefined) throw this.unknown(authorization);
    if (bearer.networks === undefined || bearer.networks(peer)) return bearer;
    const { name } = bearer.principal;
    throw new ForeshardError(
      'forbidden',
      `The token "${name}" may not be used from ${peer.remoteAddress ?? 'an unknown address'}: it is limited to other networks.`,
    );
  }

  /**
   * Who has this permission, wherever it is limited to: what a call is about is judged with its input.
   * @throws ForeshardError unauthorized, forbidden, store_unreachable
   */
  async require(authorization: string | undefined, peer: Peer, permission?: Permission): Promise<Identity> {
    const bearer = await this.identify(authorization, peer);
    const { principal, digest } = bearer;
    if (permission !== undefined && !mentions(principal.grants, permission))
      throw forbidden(principal, permission);
    const text = digest.toString('latin1');
    return {
      ...{ bearer, principal },
      holds: (wanted, target = {}) => {
        const now = this.isStale() ? undefined : this.ofDigest(text, digest);
        return now !== undefined && (wanted === undefined || allows(now.principal.grants, wanted, target));
      },
    };
  }

  private find(authorization: string | undefined): Bearer | undefined {
    const token = tokenIn(authorization);
    if (token === undefined) return undefined;
    const digest = hash('sha256', token, 'hex');
    return this.ofDigest(digest, Buffer.from(digest, 'latin1'));
  }

  private unknown(authorization: string): ForeshardError {
    const digest = hash('sha256', tokenIn(authorization) ?? '', 'hex');
    const ended = this.listed(digest, Buffer.from(digest, 'latin1')).find((one) => one.endsWithoutSignIn);
    if (ended === undefined)
      return new ForeshardError('unauthorized', 'The token is not known, or not any more.');
    const { name } = ended.principal;
    return new ForeshardError(
      'unauthorized',
      `The owner of the token "${name}" has not signed in at the identity provider for long: it works again when they have signed in at the console.`,
    );
  }

  private listed(text: string, digest: Buffer): Bearer[] {
    const all = this.entries.get(text.slice(0, INDEX_CHARS)) ?? [];
    return all.filter((bearer) => timingSafeEqual(bearer.digest, digest));
  }

  private ofDigest(text: string, digest: Buffer): Bearer | undefined {
    for (const bearer of this.entries.get(text.slice(0, INDEX_CHARS)) ?? []) {
      if (!timingSafeEqual(bearer.digest, digest) || bearer.expiresAtMs <= this.parts.nowMs()) continue;
      this.used.add(bearer.principal.id);
      return bearer;
    }
    const asserted = this.asserted.get(text);
    return asserted !== undefined && asserted.expiresAtMs > this.parts.nowMs() ? asserted : undefined;
  }

  private async soughtFor(authorization: string): Promise<Bearer | undefined> {
    const token = tokenIn(authorization);
    if (token === undefined) return undefined;
    if (looksLikeAssertion(token)) return this.judged(token);
    await this.ask();
    return this.find(authorization);
  }

  private async judged(assertion: string): Promise<Bearer | undefined> {
    if (this.assertions.isOfUnknownKey(assertion)) await this.ask();
    const nowMs = this.parts.nowMs();
    const judged = await this.assertions.judged(assertion, nowMs);
    if (judged === undefined) return undefined;
    this.forgetExpired(nowMs);
    const digest = hash('sha256', assertion, 'hex');
    const bearer = bearerOfPerson(judged, digest);
    this.asserted.set(digest, bearer);
    return bearer;
  }

  /** In the order in which they came, which is about that in which they expire. */
  private forgetExpired(nowMs: number): void {
    for (const [digest, { expiresAtMs }] of this.asserted) {
      if (expiresAtMs > nowMs && this.asserted.size < ASSERTED_MAX) return;
      this.asserted.delete(digest);
    }
  }

  private isStale(): boolean {
    return this.isLoaded && this.ageMs > this.parts.staleMsMax;
  }

  private stale(): ForeshardError {
    const hours = (ms: number) => (ms / MS_PER_HOUR).toFixed(1);
    return new ForeshardError(
      'store_unreachable',
      `The list of tokens is ${hours(this.ageMs)} h old, and TOKEN_STALE_MAX is ${hours(this.parts.staleMsMax)} h: nobody is let in until PostgreSQL answers.`,
      { retryAfterSeconds: STORE_RETRY_AFTER_SECONDS },
    );
  }

  private wake(): void {
    this.isOutdated = this.question !== undefined;
    void this.refresh();
  }

  private async ask(): Promise<void> {
    const nowMs = this.parts.nowMs();
    if (this.question === undefined) {
      if (nowMs - this.askedAtMs < QUESTION_PAUSE_MS) return;
      this.askedAtMs = nowMs;
    }
    await this.refresh();
  }

  private refresh(): Promise<void> {
    this.question ??= this.readStore().finally(() => {
      this.question = undefined;
      if (!this.isOutdated) return;
      this.isOutdated = false;
      void this.refresh();
    });
    return this.question;
  }

  private async readStore(): Promise<void> {
    try {
      const askedAtMs = this.parts.nowMs();
      const [tokens, keys] = await Promise.all([this.parts.activeHashes(), this.parts.assertionKeys()]);
      await this.take({ tokens, keys }, askedAtMs);
      await this.file.write({ tokens, keys }, askedAtMs);
      await this.reportUsed();
    } catch (error) {
      this.parts.warn('the API tokens cannot be read anew', error);
    }
  }

  private async reportUsed(): Promise<void> {
    const nowMs = this.parts.nowMs();
    if (this.used.size === 0 || nowMs - this.usedReportedAtMs < USED_REPORTED_EVERY_MS) return;
    this.usedReportedAtMs = nowMs;
    const ids = [...this.used];
    this.used.clear();
    await this.parts.markUsed(ids);
  }

  private async take({ tokens, keys }: KnownList, readAtMs: number): Promise<void> {
    const entries = new Map<string, Bearer[]>();
    for (const token of tokens) {
      const index = token.hash.slice(0, INDEX_CHARS);
      entries.set(index, [...(entries.get(index) ?? []), bearerOfToken(token)]);
    }
    this.entries = entries;
    await this.assertions.take(keys);
    this.readAtMs = readAtMs;
  }

  private async readFile(): Promise<void> {
    const list = await this.file.read();
    // without one the store tells when it is back
    if (list !== undefined) await this.take(list, list.readAtMs);
  }
}

function tokenIn(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
}

function forbidden({ kind, name }: Principal, permission: Permission): ForeshardError {
  const who = kind === 'person' ? name : 'The token';
  return new ForeshardError('forbidden', `${who} does not have the permission "${permission}".`);
}
