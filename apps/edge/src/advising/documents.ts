/** Records as the API tells them: times as text, and no name that only the store needs. */
import {
  type DecisionRecord,
  type FiringReport,
  OWN_CLUSTER,
  obstacleTo,
  type PolicyVersion,
  type RecommendationRecord,
} from '@foreshard/core/advising';
import type { Policy } from '@foreshard/core/planning';

const time = (ms: number) => new Date(ms).toISOString();
const timeOrNull = (ms: number | null) => (ms === null ? null : time(ms));

export function recommendationDocument(record: RecommendationRecord, policy: Policy) {
  const { id, cluster, revision, topologyVersion, policyVersion, state, body, realised } = record;
  return {
    ...{
      id,
      cluster: cluster === OWN_CLUSTER ? null : cluster,
      revision,
      topologyVersion,
      policyVersion,
      state,
      proposal: body,
    },
    obstacle: obstacleTo(record, policy) ?? null,
    firstAt: time(record.firstMs),
    lastAt: time(record.lastMs),
    expiresAt: time(record.expiresMs),
    decidedBy: record.decidedBy,
    decidedAt: timeOrNull(record.decidedMs),
    note: record.note,
    notBefore: timeOrNull(record.notBeforeMs),
    moves: record.moves,
    result: record.result,
    endedAt: timeOrNull(record.endedMs),
    realised: realised === null ? null : { at: time(realised.atMs), gain: realised.gain },
  };
}

export function decisionDocument({ atMs, lastMs, document, ...record }: DecisionRecord) {
  const { before, after } = document;
  return { ...record, at: time(atMs), lastAt: time(lastMs), before, after };
}

export function policyDocument({ version, policy, actor, note, createdMs, effectiveMs }: PolicyVersion) {
  // the defaults were never made
  const when = (ms: number) => (version === 0 ? null : time(ms));
  return { version, policy, actor, note, createdAt: when(createdMs), effectiveAt: when(effectiveMs) };
}

export function firingsDocument({ fromMs, stepMs, firings }: FiringReport) {
  return {
    from: time(fromMs),
    stepSeconds: stepMs / 1_000,
    firings: firings.map(({ lastAtMs, ...one }) => ({ ...one, lastAt: timeOrNull(lastAtMs) })),
  };
}
