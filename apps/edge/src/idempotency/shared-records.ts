/** Records of Idempotency-Keys in the control Redis, bounded there by bytes and by age. */
import { readFileSync } from 'node:fs';
import type { Answer } from '../http/respond.ts';
import { AWAY, type SharedRedis } from '../sharing/index.ts';
import type { KnownRequest, SharedRecords } from './records.ts';

const SCRIPT = readFileSync(new URL('./shared-records.lua', import.meta.url), 'utf8');
const RECORDS_KEY = '{foreshard}:idempotency';
const KEYS = [RECORDS_KEY, `${RECORDS_KEY}:ends`, `${RECORDS_KEY}:bytes`];

/**
 * Longer than a request can be held and sent to its hosts with the usual settings. An edge that dies
 * meanwhile leaves its requests in flight for this long.
 */
const CLAIM_MS = 30_000;
/** A larger answer would keep the control Redis from others: it stays with the edge that gave it. */
export const SHARED_ANSWER_BYTES_MAX = 1_048_576;

export interface SharedLimits {
  readonly bytesMax: number;
  readonly lifetimeMs: number;
}

export class RedisRecords implements SharedRecords {
  private readonly shared: SharedRedis;
  private readonly limits: SharedLimits;

  constructor(shared: SharedRedis, limits: SharedLimits) {
    this.shared = shared;
    this.limits = limits;
  }

  async claim(scope: string, fingerprint: string): Promise<KnownRequest | undefined> {
    const known = await this.run('claim', scope, fingerprint);
    if (!Array.isArray(known)) return undefined;
    const [first, answer] = known as [string, string];
    return { fingerprint: first, answer: answer === '' ? undefined : JSON.parse(answer) };
  }

  async settle(scope: string, fingerprint: string, answer: Answer): Promise<void> {
    if (answer.body.length > SHARED_ANSWER_BYTES_MAX) return this.forget(scope, fingerprint);
    await this.run('settle', scope, fingerprint, JSON.stringify(answer));
  }

  async forget(scope: string, fingerprint: string): Promise<void> {
    await this.run('forget', scope, fingerprint);
  }

  private run(what: string, scope: string, fingerprint: string, answer = ''): Promise<unknown> {
    const { bytesMax, lifetimeMs } = this.limits;
    const values = [what, scope, fingerprint, bytesMax, CLAIM_MS, lifetimeMs, answer];
    return this.shared
      .ask((redis) => redis.eval(SCRIPT, KEYS.length, ...KEYS, ...values))
      .then((reply) => (reply === AWAY ? undefined : reply));
  }
}
