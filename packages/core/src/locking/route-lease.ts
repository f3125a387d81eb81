/**
 * The lease of an edge on its map: while it holds, nothing was decided that the edge could not have heard of
 * for longer than `LEASE_MS`. The topology store's answer grants it, counted from when the edge asked, so the bound
 * holds however slow the answer was. There is one lease per edge and none per shardlet: the epoch that every append
 * carries already says which map the edge had, and the host checks it.
 *
 * The lane of an append follows from the lease:
 * - `direct`: the lease holds, the edge routes by its map;
 * - `shard`: it does not hold; one authoritative look at the topology store for the shardlets, then the same fenced
 * append;
 * - `unconfirmed`: it does not hold and the topology store does not answer; the fences keep the append right, so it
 * goes on.
 */
export const LANES = ['direct', 'shard', 'unconfirmed'] as const;
export type Lane = (typeof LANES)[number];

/**
 * Three polls of the topology store by an edge: one lost answer changes nothing. Far below the grace time of garbage.
 */
export const LEASE_MS = 3_000;
/** After a look that failed, no append waits for the topology store again for so long: it is most likely still away. */
export const LOOK_AGAIN_MS = 1_000;

export interface RouteLease {
  /** the edge's clock, monotonic; -Infinity: never granted */
  readonly askedAtMs: number;
  readonly failedAtMs: number;
}

export const NO_LEASE: RouteLease = Object.freeze({
  askedAtMs: Number.NEGATIVE_INFINITY,
  failedAtMs: Number.NEGATIVE_INFINITY,
});

/** The topology store has answered a question that was asked at `askedAtMs`. Answers may arrive in any order. */
export function granted(lease: RouteLease, askedAtMs: number): RouteLease {
  return { ...lease, askedAtMs: Math.max(lease.askedAtMs, askedAtMs) };
}

export function lookFailed(lease: RouteLease, atMs: number): RouteLease {
  return { ...lease, failedAtMs: Math.max(lease.failedAtMs, atMs) };
}

/** What an append that comes now has to do; `shard`: look first. */
export function laneAt(lease: RouteLease, nowMs: number): Lane {
  if (nowMs < lease.askedAtMs + LEASE_MS) return 'direct';
  return nowMs < lease.failedAtMs + LOOK_AGAIN_MS ? 'unconfirmed' : 'shard';
}
