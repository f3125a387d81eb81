/**
 * Which edges there are, by a sign of life that each gives in the control Redis. With it every edge names the same one
 * for a member of a group, so that caches are warm there; it is advice, and any edge serves any member.
 */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { AWAY, type Patience, type SharableRedis, SharedRedis } from './shared-redis.ts';

export interface OwnEdge {
  readonly id: string;
  /** where clients reach it; undefined: nobody knows, so it is never named */
  readonly url: string | undefined;
}

const SCRIPT = readFileSync(new URL('./living-edges.lua', import.meta.url), 'utf8');
const SEEN_KEY = '{foreshard}:edges';
const KEYS = [SEEN_KEY, `${SEEN_KEY}:urls`];
const SIGN_PAUSE_MS = 2_000;
/** After one that was not answered: members are named no edge meanwhile. */
const RETRY_PAUSE_MS = 250;
/** No request waits for it, and a machine that is busy starting answers late. */
const PATIENCE: Patience = { patienceMs: 1_500, pauseMs: 0 };
/** Two signs may be lost. */
const SIGN_COUNTS_MS = 7_000;

export class LivingEdges {
  private readonly own: OwnEdge;
  private readonly shared: SharedRedis;
  private readonly nowMs: () => number;
  private edges: readonly OwnEdge[] = [];
  private knownAtMs = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;

  constructor(own: OwnEdge, redis: SharableRedis, nowMs: () => number) {
    this.own = own;
    this.shared = new SharedRedis(redis, nowMs, PATIENCE);
    this.nowMs = nowMs;
  }

  /** Resolves when the first sign is answered, or will not be in time. */
  async start(): Promise<void> {
    const pauseMs = (await this.sign()) ? SIGN_PAUSE_MS : RETRY_PAUSE_MS;
    if (!this.isStopped) this.timer = setTimeout(() => void this.start(), pauseMs);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.ask('leave');
  }

  /** Undefined while it is not known which edges there are. */
  preferred(group: string, member: string): string | undefined {
    if (this.nowMs() - this.knownAtMs > SIGN_COUNTS_MS) return undefined;
    let best: { readonly rank: string; readonly url: string | undefined } | undefined;
    for (const { id, url } of this.edges) {
      const rank = hash('sha1', `${group}\n${member}\n${id}`);
      if (best === undefined || rank > best.rank) best = { rank, url };
    }
    return best?.url;
  }

  /** Whether it was answered. */
  private async sign(): Promise<boolean> {
    const answer = await this.ask('stay');
    if (answer === AWAY) return false;
    const flat = answer as string[];
    this.edges = flat.flatMap((id, i) => (i % 2 === 0 ? [{ id, url: flat[i + 1] || undefined }] : []));
    this.knownAtMs = this.nowMs();
    return true;
  }

  private ask(order: 'stay' | 'leave'): Promise<unknown> {
    const { id, url = '' } = this.own;
    return this.shared.ask((redis) =>
      redis.eval(SCRIPT, KEYS.length, ...KEYS, id, url, SIGN_COUNTS_MS, order),
    );
  }
}
