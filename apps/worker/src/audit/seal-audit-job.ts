/**
 * Seals what was recorded, within a second or two; one worker at a time. Each minute, where it has moved, the head of
 * the chain is published: whoever cuts off its end in the database cannot take that back. Now and then the whole chain
 * is verified, and rows past their retention are removed behind a signed anchor.
 */
import type { ChainSource, ChainState, Head, Hmac } from '@foreshard/core/audit';
import { verifyChain } from '@foreshard/core/audit';
import type { Logger } from 'pino';
import type { Metrics } from '../process/metrics.ts';

/** With the id of the key that holds behind it. */
export interface KnownHead extends Head {
  readonly keyId: string;
}

/** What a chain can do, as the store offers it. */
export interface AuditChain extends ChainSource {
  seal(
    keys: readonly Hmac[],
    options: { readonly aboveId: string; readonly limit: number; readonly known: KnownHead | undefined },
  ): Promise<
    | { readonly kind: 'sealed'; readonly rows: number; readonly head: KnownHead; readonly lowId: string }
    | { readonly kind: 'busy' }
    | { readonly kind: 'wrong key'; readonly head: Head }
  >;
  prune(keys: readonly Hmac[], before: Date, limit: number, nowMs: number): Promise<number>;
}

export interface SealAuditParts {
  readonly chain: AuditChain;
  /** newest first */
  readonly keys: () => Promise<readonly Hmac[]>;
  /** the newest head that this machine has seen */
  readonly heads: { read(): Promise<Head | undefined>; keep(head: Head): Promise<void> };
  /** for the console; may fail */
  readonly report: (state: ChainState) => Promise<void>;
  /** to the target of notifications that was set */
  readonly announce: (head: Head) => Promise<void>;
  /** gives orders an end whose process was lost; answers how many */
  readonly settleLostEnds: () => Promise<number>;
  readonly retentionMs: number;
  readonly metrics: Pick<Metrics, 'auditHead' | 'auditUnsealed' | 'auditFaults'>;
  readonly log: Logger;
  readonly nowMs: () => number;
}

/** Some milliseconds; the rest comes with the next run. */
const SEALED_AT_ONCE = 1_000;
const PUBLISH_EVERY_MS = 60_000;
/** A row whose transaction was open for more than a minute is found when all are looked at. */
const SWEEP_EVERY_MS = 300_000;
const VERIFY_EVERY_MS = 600_000;
const PRUNE_EVERY_MS = 600_000;
const PRUNED_AT_ONCE = 5_000;
const PRUNES_MAX = 20;

export class SealAuditJob {
  private readonly parts: SealAuditParts;
  private keys: readonly Hmac[] | undefined;
  private known: KnownHead | undefined;
  private lowId = '0';
  private published: Head | undefined;
  private lastMs = { publish: NEVER, sweep: NEVER, verify: NEVER, prune: NEVER };
  private verified: ChainState['verified'] = null;
  private fault: string | null = null;

  constructor(parts: SealAuditParts) {
    this.parts = parts;
  }

  /** @throws when the database does not answer, or the key cannot be read */
  async run(signal: AbortSignal): Promise<object | undefined> {
    const isSweep = this.isDue('sweep', SWEEP_EVERY_MS);
    const aboveId = isSweep ? '0' : this.lowId;
    let keys = (this.keys ??= await this.parts.keys());
    let reply = await this.sealed(keys, aboveId);
    if (reply.kind === 'wrong key') {
      // it may have been changed since it was read
      keys = this.keys = await this.parts.keys();
      reply = await this.sealed(keys, aboveId);
    }
    if (reply.kind === 'busy') return undefined;
    if (reply.kind === 'wrong key') return this.refuse(reply.head);
    this.known = reply.head;
    // there may be more of them
    this.lowId = reply.rows === SEALED_AT_ONCE ? aboveId : reply.lowId;
    this.parts.metrics.auditHead.set(reply.head.number);
    const isWhole = this.isDue('verify', VERIFY_EVERY_MS);
    const isPublished = this.isDue('publish', PUBLISH_EVERY_MS);
    if (isWhole) await this.verify(keys, signal);
    else if (isPublished) await this.verifyNew(keys, signal);
    const { number, hash } = reply.head;
    if (isPublished) await this.publish({ number, hash });
    if (isPublished) await this.settleLostEnds();
    const pruned = this.isDue('prune', PRUNE_EVERY_MS) ? await this.prune(keys, signal) : 0;
    return pruned === 0 ? undefined : { pruned };
  }

  private sealed(keys: readonly Hmac[], aboveId: string) {
    return this.parts.chain.seal(keys, { aboveId, limit: SEALED_AT_ONCE, known: this.known });
  }

  /** Nothing is sealed under another key: the rest of the chain would hold for nobody. */
  private async refuse({ number }: Head): Promise<undefined> {
    this.fault = `No seal up to number ${number} holds under the key of this worker.`;
    this.parts.metrics.auditFaults.set(1);
    if (this.isDue('publish', PUBLISH_EVERY_MS))
      this.parts.log.error(
        `nothing of the audit log is sealed: ${this.fault} Give it the key of the chain (AUDIT_KEY_FILE), see docs/audit.md`,
      );
  }

  /** What was sealed since; what was found wrong stays wrong until the whole chain is looked at again. */
  private async verifyNew(keys: readonly Hmac[], signal: AbortSignal): Promise<void> {
    const { to = 0 } = this.verified ?? {};
    if (this.fault !== null) return;
    if (to === 0) await this.verify(keys, signal);
    else if ((await this.parts.chain.sealAt(to)) !== undefined) await this.verify(keys, signal, to);
  }

  /** `from`: behind this seal, else all of it. */
  private async verify(keys: readonly Hmac[], signal: AbortSignal, from?: number): Promise<void> {
    const { chain, heads, nowMs, log, metrics } = this.parts;
    const published = await heads.read();
    const { head, faults } = await verifyChain(chain, keys, { nowMs: nowMs(), from, published, signal });
    if (signal.aborted) return;
    this.fault = faults[0]?.detail ?? null;
    metrics.auditFaults.set(faults.length);
    for (const { detail, kind } of faults) log.error({ kind }, `the audit log does not verify: ${detail}`);
    if (faults.length === 0) this.verified = { to: head.number, at: new Date(nowMs()).toISOString() };
  }

  private async publish(head: Head): Promise<void> {
    const { chain, heads, report, announce, nowMs, log, metrics } = this.parts;
    const { rows } = await chain.unsealed();
    metrics.auditUnsealed.set(rows);
    const at = new Date(nowMs()).toISOString();
    const state = { head: head.number === 0 ? null : { ...head, at }, unsealed: rows };
    await report({ ...state, verified: this.verified, fault: this.fault }).catch(() => {});
    if (head.number === 0 || head.hash === this.published?.hash) return;
    this.published = head;
    log.info({ number: head.number, hash: head.hash }, 'head of the audit log');
    // a head that is ahead of the chain is the proof that its end was cut off: it stays until a person takes it away
    const seen = await heads.read();
    const isBehind = seen !== undefined && seen.number > head.number;
    if (!isBehind && this.fault === null) await heads.keep(head);
    await announce(head).catch((error: Error) =>
      log.warn({ reason: error.message }, 'the head of the audit log was not sent'),
    );
  }

  /** The topology store may be away, and rows are sealed all the same. */
  private async settleLostEnds(): Promise<void> {
    const { settleLostEnds, log } = this.parts;
    try {
      const settled = await settleLostEnds();
      if (settled > 0)
        log.info({ settled }, 'orders without an end were carried out, as the change log shows');
    } catch (error) {
      log.warn(
        { reason: (error as Error).message },
        'the change log was not looked up for orders without an end',
      );
    }
  }

  private async prune(keys: readonly Hmac[], signal: AbortSignal): Promise<number> {
    const { chain, retentionMs, nowMs, log } = this.parts;
    // what is wrong stays to be looked at
    if (this.fault !== null) {
      log.warn('nothing is pruned from the audit log while it does not verify');
      return 0;
    }
    let pruned = 0;
    for (let times = 0; times < PRUNES_MAX && !signal.aborted; times++) {
      const rows = await chain.prune(keys, new Date(nowMs() - retentionMs), PRUNED_AT_ONCE, nowMs());
      pruned += rows;
      if (rows < PRUNED_AT_ONCE) break;
    }
    return pruned;
  }

  private isDue(what: keyof SealAuditJob['lastMs'], everyMs: number): boolean {
    const nowMs = this.parts.nowMs();
    if (nowMs - this.lastMs[what] < everyMs) return false;
    this.lastMs = { ...this.lastMs, [what]: nowMs };
    return true;
  }
}

const NEVER = Number.NEGATIVE_INFINITY;
