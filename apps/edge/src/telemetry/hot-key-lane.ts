/**
 * Tells of keys that turn hot, within a few hundred of their events, so that a worker can split below them. Only for
 * streams that allow that. What is too hot follows the policy, which is asked for once in a while; without PostgreSQL
 * the last one holds, and without the control Redis nobody is told: events go on either way.
 */
import { type HotKey, hotKeyLimit } from '@foreshard/core/advising';
import { DEFAULT_POLICY, HotKeyWatch, type Policy } from '@foreshard/core/planning';

const POLICY_EVERY_MS = 30_000;

export interface HotKeyParts {
  readonly policy: () => Promise<Policy>;
  readonly report: (hot: HotKey) => Promise<void>;
  readonly splitsKeys: (shardlet: number) => boolean;
  readonly nowMs: () => number;
}

export class HotKeyLane {
  private readonly parts: HotKeyParts;
  private limit = hotKeyLimit(DEFAULT_POLICY);
  private watch = new HotKeyWatch({ ratePerSecond: this.limit });
  private timer: NodeJS.Timeout | undefined;

  constructor(parts: HotKeyParts) {
    this.parts = parts;
  }

  start(): void {
    void this.follow();
    this.timer = setInterval(() => void this.follow(), POLICY_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** One event of the key was stored. */
  observe(shardlet: number, keyHash: number): void {
    if (!this.parts.splitsKeys(shardlet)) return;
    const atMs = this.parts.nowMs();
    const perSecond = this.watch.observe(keyHash, 1, atMs);
    if (perSecond === undefined) return;
    // it is told again in the next window, if it is still hot
    this.parts.report({ shardlet, keyHash, perSecond, atMs }).catch(() => {});
  }

  private async follow(): Promise<void> {
    const policy = await this.parts.policy().catch(() => undefined);
    const limit = policy === undefined ? this.limit : hotKeyLimit(policy);
    if (limit === this.limit) return;
    this.limit = limit;
    this.watch = new HotKeyWatch({ ratePerSecond: limit });
  }
}
