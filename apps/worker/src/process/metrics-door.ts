/**
 * Who may read the metrics: a token that may see the cluster. The list of tokens is read when somebody asks and it is
 * old; while PostgreSQL is away the one before is used, so that the metrics can be read then as well.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import {
  allows,
  type Grant,
  grantsOfToken,
  OWN_CLUSTER,
  permittedNetworks,
  type Scope,
} from '@foreshard/core/access';

export interface ScrapingToken {
  /** SHA-256 of the token in hex */
  readonly hash: string;
  readonly scopes: readonly string[];
  readonly scope: Scope;
  /** what its owner may do now; absent: it is nobody's */
  readonly ownerGrants?: readonly Grant[] | undefined;
  /** networks it may be used from; empty: any */
  readonly cidrs: readonly string[];
  readonly expiresAtMs: number | undefined;
}

export interface MetricsDoorParts {
  readonly tokens: () => Promise<readonly ScrapingToken[]>;
  readonly nowMs: () => number;
  /** how long a list is used that cannot be read anew */
  readonly staleMsMax: number;
}

export type DoorReply = 'open' | 'unauthorized' | 'forbidden' | 'unreachable';

/** A token that is revoked reads on for so long. */
const READ_EVERY_MS = 2_000;
const BEARER = /^Bearer +([\w.~+/-]+=*)$/i;

export class MetricsDoor {
  private readonly parts: MetricsDoorParts;
  private list: readonly ScrapingToken[] | undefined;
  private readAtMs = Number.NEGATIVE_INFINITY;
  private askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: MetricsDoorParts) {
    this.parts = parts;
  }

  async opensTo(authorization: string | undefined, address: string | undefined): Promise<DoorReply> {
    const text = BEARER.exec(authorization ?? '')?.[1];
    if (text === undefined) return 'unauthorized';
    await this.refresh();
    const nowMs = this.parts.nowMs();
    if (this.list === undefined || nowMs - this.readAtMs > this.parts.staleMsMax) return 'unreachable';
    const token = this.list.find((one) => isOf(one, text));
    if (token === undefined || (token.expiresAtMs ?? Number.POSITIVE_INFINITY) <= nowMs)
      return 'unauthorized';
    const isAllowed = allows(grantsOfToken(token), 'cluster:read', { cluster: OWN_CLUSTER });
    return isAllowed && isFrom(token.cidrs, address) ? 'open' : 'forbidden';
  }

  /** Also before anybody asks: PostgreSQL may go away later. */
  async refresh(): Promise<void> {
    const nowMs = this.parts.nowMs();
    if (nowMs - this.askedAtMs < READ_EVERY_MS) return;
    this.askedAtMs = nowMs;
    try {
      this.list = await this.parts.tokens();
      this.readAtMs = nowMs;
    } catch {
      // the list before is used
    }
  }
}

function isOf(token: ScrapingToken, text: string): boolean {
  return timingSafeEqual(
    Buffer.from(token.hash, 'latin1'),
    Buffer.from(hash('sha256', text, 'hex'), 'latin1'),
  );
}

function isFrom(cidrs: readonly string[], address: string | undefined): boolean {
  const permitted = permittedNetworks(cidrs);
  return permitted === undefined || (address !== undefined && permitted(address));
}
