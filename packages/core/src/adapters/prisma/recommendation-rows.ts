/** Rows of recommendations and what they stand for. */
import {
  EVERY_CLUSTER,
  type Realised,
  type RecommendationRecord,
  type RecommendationState,
} from '../../advising/index.ts';
import type { Recommendation } from '../../planning/index.ts';
import type { Recommendation as Row } from './generated/client.ts';

/** States in which a plan that proposes the same again adds nothing. */
export const PENDING = ['open', 'approved', 'running'] as const;
/** Somebody has decided to carry it out. */
export const UNDER_WAY_STATES = ['approved', 'running', 'done', 'failed'] as const;
export const NOT_DECIDED = 'Nobody decided in time';

/** Rows of a cluster, of several or of all. */
export function ofCluster(cluster: string | readonly string[]): { cluster?: string | { in: string[] } } {
  if (cluster === EVERY_CLUSTER) return {};
  return { cluster: typeof cluster === 'string' ? cluster : { in: [...cluster] } };
}

export function recordFrom(row: Row): RecommendationRecord {
  return {
    id: Number(row.id),
    cluster: row.cluster,
    key: row.key,
    revision: row.revision,
    topologyVersion: Number(row.topologyVersion),
    policyVersion: Number(row.policyVersion),
    state: row.state as RecommendationState,
    body: JSON.parse(row.body) as Recommendation,
    firstMs: Number(row.firstMs),
    lastMs: Number(row.lastMs),
    expiresMs: Number(row.expiresMs),
    firstApproval:
      row.firstBy === null || row.firstRevision !== row.revision
        ? null
        : { by: row.firstBy, atMs: Number(row.firstApprovalMs) },
    decidedBy: row.decidedBy,
    decidedMs: numberOrNull(row.decidedMs),
    note: row.note,
    notBeforeMs: numberOrNull(row.notBeforeMs),
    moves: JSON.parse(row.moves) as number[],
    result: row.result,
    endedMs: numberOrNull(row.endedMs),
    realised: row.realised === null ? null : (JSON.parse(row.realised) as Realised),
    plan: numberOrNull(row.planId),
    replacedBy: numberOrNull(row.replacedBy),
  };
}

export function numberOrNull(value: bigint | null): number | null {
  return value === null ? null : Number(value);
}

/** In the order of the plan; what took a place later comes after it. */
export function byStep(a: RecommendationRecord, b: RecommendationRecord): number {
  return a.body.step - b.body.step || a.id - b.id;
}
