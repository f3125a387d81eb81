/**
 * Quotas of events and bytes per second, of a token and of a stream. A request is charged whole before
 * anything of it is stored: either every quota has room for it, or it is refused and costs nothing.
 *
 * They are counted in the memory of this edge, in windows of one second, because a question to another
 * server would cost more than the event. With several edges behind a load balancer each gets its share:
 * divide the quota by their number.
 */
import { ForeshardError } from '@foreshard/core/kernel';
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { type Fields, type Policy, type PolicyState, WINDOW_SECONDS } from './policy.ts';
import { rateLimitFields } from './rate-limit-fields.ts';

export interface Quota {
  /** undefined: as many as the edge can take */
  readonly eventsPerSecond?: number | undefined;
  readonly bytesPerSecond?: number | undefined;
}

export interface QuotaSource {
  /** any of them */
  readonly tokensHave: boolean;
  ofToken(id: string): Quota;
  ofStream(name: string): Quota;
}

export interface Charge {
  readonly tokenId: string;
  readonly stream: string;
  readonly events: number;
  readonly bytes: number;
}

const MS_PER_SECOND = 1_000;

export class Quotas {
  private readonly source: QuotaSource;
  /** by name and size of the quota; each counts all tokens, or all streams */
  private readonly limiters = new Map<string, RateLimiterMemory>();

  constructor(source: QuotaSource) {
    this.source = source;
  }

  /** Whether a request to this stream has to be charged at all. */
  holdFor(stream: string): boolean {
    return this.source.tokensHave || isSet(this.source.ofStream(stream));
  }

  /** undefined: no quota holds, and nothing needs to be asked. */
  async charge(charge: Charge): Promise<Fields | undefined> {
    const policies = this.policiesOf(charge);
    if (policies.length === 0) return undefined;
    const consumed = policies.map((policy) => this.consume(policy, charge));
    const states = await Promise.all(consumed);
    const exceeded = states.filter((state) => state.isExceeded);
    if (exceeded.length === 0) return rateLimitFields(states);
    for (const policy of policies) void this.limiterOf(policy).reward(keyOf(policy, charge), policy.cost);
    throw refusal(exceeded, rateLimitFields(states.map((state) => ({ ...state, remaining: restOf(state) }))));
  }

  private policiesOf({ tokenId, stream, events, bytes }: Charge): Policy[] {
    const [token, ofStream] = [this.source.ofToken(tokenId), this.source.ofStream(stream)];
    const all = [
      { name: 'token-events', quota: token.eventsPerSecond, cost: events },
      { name: 'token-bytes', quota: token.bytesPerSecond, cost: bytes },
      { name: 'stream-events', quota: ofStream.eventsPerSecond, cost: events },
      { name: 'stream-bytes', quota: ofStream.bytesPerSecond, cost: bytes },
    ] as const;
    return all.filter((policy): policy is typeof policy & Policy => policy.quota !== undefined);
  }

  private async consume(policy: Policy, charge: Charge) {
    const limiter = this.limiterOf(policy);
    const key = keyOf(policy, charge);
    const told = (res: RateLimiterRes, isExceeded: boolean) => ({
      ...policy,
      isExceeded,
      consumed: res.consumedPoints,
      remaining: res.remainingPoints,
      resetSeconds: Math.max(1, Math.ceil(res.msBeforeNext / MS_PER_SECOND)),
    });
    return limiter.consume(key, policy.cost).then(
      (res) => told(res, false),
      (refused: unknown) => {
        // anything else is a fault of ours
        if (refused instanceof Error) throw refused;
        return told(refused as RateLimiterRes, true);
      },
    );
  }

  private limiterOf({ name, quota }: Policy): RateLimiterMemory {
    const id = `${name} ${quota}`;
    let limiter = this.limiters.get(id);
    if (limiter === undefined) {
      limiter = new RateLimiterMemory({ points: quota, duration: WINDOW_SECONDS, keyPrefix: '' });
      this.limiters.set(id, limiter);
    }
    return limiter;
  }
}

export function isSet({ eventsPerSecond, bytesPerSecond }: Quota): boolean {
  return eventsPerSecond !== undefined || bytesPerSecond !== undefined;
}

type Consumed = PolicyState & { readonly consumed: number };

function keyOf({ name }: Policy, { tokenId, stream }: Charge): string {
  return name.startsWith('token') ? tokenId : stream;
}

/** What was left before the request that is refused. */
function restOf({ quota, consumed, cost }: Consumed): number {
  return Math.max(0, quota - (consumed - cost));
}

function refusal(exceeded: readonly Consumed[], fields: Fields): ForeshardError {
  const [first] = exceeded;
  const { name, quota, cost, resetSeconds } = first!;
  const [owner, unit] = name.split('-');
  const never = cost > quota ? ' This request alone is above it: send smaller ones.' : '';
  const detail = `The quota of this ${owner} is ${quota} ${unit} a second, ${restOf(first!)} are left, the request has ${cost}.${never}`;
  return new ForeshardError('quota_exceeded', detail, { retryAfterSeconds: resetSeconds, headers: fields });
}
