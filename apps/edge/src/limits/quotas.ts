/**
 * Quotas of events and bytes per second, of a token and of a stream. A request is charged whole before
 * anything of it is stored: either every quota has room for it, or it is refused and costs nothing.
 *
 * They are counted in windows of one second in the control Redis, for all edges together: one question a
 * request and quota, which only requests pay that a quota holds for. While it does not answer, each edge
 * counts by itself in memory.
 */
import { ForeshardError } from '@foreshard/core/kernel';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRedis,
  type RateLimiterRes,
} from 'rate-limiter-flexible';
import { AWAY, type SharableRedis, type SharedRedis } from '../sharing/index.ts';
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

/** As the library wants it: a client on which it defines its script. */
export interface QuotaRedis extends SharableRedis {
  defineCommand(name: string, definition: object): void;
}

/** The same quota, counted by all edges together and by this one. */
interface Limiters {
  readonly ofAll: RateLimiterAbstract;
  readonly own: RateLimiterAbstract;
}

type Consumed = PolicyState & {
  readonly isExceeded: boolean;
  readonly consumed: number;
  /** for a request that is refused after all */
  giveBack(): void;
};

const MS_PER_SECOND = 1_000;
const KEY_PREFIX = '{foreshard}:quota';

/**
 * Counts a request only where it has room, unlike the library's own script: of many requests at the border
 * some would be refused because others were refused a moment before. What is given back (less than zero)
 * is not given to the next window.
 */
const CONSUME = `
if tonumber(ARGV[1]) < 0 and redis.call('exists', KEYS[1]) == 0 then return { 0, 0 } end
redis.call('set', KEYS[1], 0, 'EX', ARGV[2], 'NX')
local consumed = tonumber(redis.call('get', KEYS[1])) + tonumber(ARGV[1])
if consumed <= tonumber(ARGV[3]) then redis.call('incrby', KEYS[1], ARGV[1]) end
return { consumed, redis.call('pttl', KEYS[1]) }
`;

export class Quotas {
  private readonly source: QuotaSource;
  /** by name and size of the quota; each counts all tokens, or all streams */
  private readonly limiters = new Map<string, Limiters>();
  private readonly shared: SharedRedis<QuotaRedis>;

  constructor(source: QuotaSource, shared: SharedRedis<QuotaRedis>) {
    this.source = source;
    this.shared = shared;
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
    for (const state of states) state.giveBack();
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

  private async consume(policy: Policy, charge: Charge): Promise<Consumed> {
    const { ofAll, own } = this.limitersOf(policy);
    const key = keyOf(policy, charge);
    const counted = await this.shared.ask(() => consumed(ofAll, key, policy));
    if (counted === AWAY) {
      const state = await consumed(own, key, policy);
      return { ...state, giveBack: () => void own.reward(key, policy.cost) };
    }
    const giveBack = () => void this.shared.ask(() => ofAll.reward(key, policy.cost));
    return { ...counted, giveBack: counted.isExceeded ? () => {} : giveBack };
  }

  private limitersOf({ name, quota }: Policy): Limiters {
    const id = `${name} ${quota}`;
    let limiters = this.limiters.get(id);
    if (limiters === undefined) {
      const size = { points: quota, duration: WINDOW_SECONDS };
      const shared = { storeClient: this.shared.redis, keyPrefix: `${KEY_PREFIX}:${name}` };
      limiters = {
        ofAll: new RateLimiterRedis({ ...size, ...shared, customIncrTtlLuaScript: CONSUME }),
        own: new RateLimiterMemory({ ...size, keyPrefix: '' }),
      };
      this.limiters.set(id, limiters);
    }
    return limiters;
  }
}

async function consumed(limiter: RateLimiterAbstract, key: string, policy: Policy) {
  const outcomeOf = (res: RateLimiterRes, isExceeded: boolean) => ({
    ...policy,
    isExceeded,
    consumed: res.consumedPoints,
    remaining: res.remainingPoints,
    resetSeconds: Math.max(1, Math.ceil(res.msBeforeNext / MS_PER_SECOND)),
  });
  return limiter.consume(key, policy.cost).then(
    (res) => outcomeOf(res, false),
    (refused: unknown) => {
      // anything else is a fault
      if (refused instanceof Error) throw refused;
      return outcomeOf(refused as RateLimiterRes, true);
    },
  );
}

export function isSet({ eventsPerSecond, bytesPerSecond }: Quota): boolean {
  return eventsPerSecond !== undefined || bytesPerSecond !== undefined;
}

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
