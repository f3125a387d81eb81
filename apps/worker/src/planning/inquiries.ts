/** Answers questions about the whole cluster: from its state of now, and from the load that is recorded. */

import type { InquiryAnswerers } from '@foreshard/core/adapters/control';
import {
  clusterStateOf,
  type FiringReport,
  firingsOf,
  type LoadHistory,
  type ObserveParts,
  observe,
  type PolicyStore,
  whatIf,
} from '@foreshard/core/advising';
import type { ClusterState, Policy } from '@foreshard/core/planning';
import { HOUR_MS } from '@foreshard/core/telemetry';
import type { MapFollower } from '@foreshard/core/topology';
import { isLeaf, type TopologyMap } from '@foreshard/core/topology';

export interface InquiryParts extends ObserveParts {
  readonly follower: Pick<MapFollower, 'upToDate'>;
  readonly policies: PolicyStore;
}

/** Somebody who tries one change after the other does not wait for the same observation each time. */
const STATE_KEPT_MS = 10_000;
const FIRING_HOURS = 7 * 24;

interface Kept {
  readonly atMs: number;
  readonly policy: Policy;
  readonly state: ClusterState;
}

export type PlanningAnswerers = Pick<InquiryAnswerers, 'whatIf' | 'firings'>;

export function inquiryAnswerers(parts: InquiryParts): PlanningAnswerers {
  let kept: Kept | undefined;
  const now = async (): Promise<Kept> => {
    const atMs = parts.nowMs();
    const { policy } = await parts.policies.at(atMs);
    const map = await parts.follower.upToDate();
    const fresh =
      kept !== undefined && atMs - kept.atMs < STATE_KEPT_MS && kept.state.topologyVersion === map.version;
    if (fresh && JSON.stringify(policy) === JSON.stringify(kept!.policy)) return kept!;
    kept = { atMs, policy, state: clusterStateOf(await observe(parts, map, policy), policy) };
    return kept;
  };
  return {
    async whatIf(question) {
      const { state, policy } = await now();
      return whatIf(state, policy, question);
    },
    firings: ({ policy }) => firings(parts, policy),
  };
}

async function firings(parts: InquiryParts, policy: Policy): Promise<FiringReport> {
  const map = await parts.follower.upToDate();
  return firingsOf(await historyOf(parts, map), policy);
}

/** The last week by whole hours. */
async function historyOf(parts: InquiryParts, map: TopologyMap): Promise<LoadHistory> {
  const toMs = Math.floor(parts.nowMs() / HOUR_MS) * HOUR_MS;
  const fromMs = toMs - FIRING_HOURS * HOUR_MS;
  const leaves = [...map.shardlets()].filter(isLeaf);
  const rows = new Map(leaves.map(({ id }, row) => [id, row]));
  const hosts = map.hosts();
  const indexOf = new Map(hosts.map(({ id }, index) => [id, index]));
  const [events, bytes] = await Promise.all(
    (['events', 'bytes'] as const).map((metric) => valuesOf(parts, map, { metric, fromMs, toMs }, rows)),
  );
  return {
    ...{ fromMs, stepMs: HOUR_MS, steps: FIRING_HOURS, hosts, events: events!, bytes: bytes! },
    owners: leaves.map(({ owner }) => indexOf.get(owner)!),
    health: await healthOf(parts, hosts, fromMs, toMs),
  };
}

async function valuesOf(
  { telemetry }: InquiryParts,
  map: TopologyMap,
  window: { readonly metric: 'events' | 'bytes'; readonly fromMs: number; readonly toMs: number },
  rows: ReadonlyMap<number, number>,
): Promise<Float64Array> {
  const all = new Float64Array(rows.size * FIRING_HOURS).fill(Number.NaN);
  for (const { id: streamId } of map.streams()) {
    const { shardlets, steps, values } = await telemetry.matrix({ streamId, step: 'hour', ...window });
    shardlets.forEach((shardlet, i) => {
      const row = rows.get(shardlet);
      for (let step = 0; row !== undefined && step < Math.min(steps, FIRING_HOURS); step++)
        all[row * FIRING_HOURS + step] = values[i * steps + step]!;
    });
  }
  return all;
}

async function healthOf(
  { health }: InquiryParts,
  hosts: readonly { readonly id: number }[],
  fromMs: number,
  toMs: number,
) {
  const courses: Float64Array[] = [];
  for (const { id } of hosts) {
    const course = new Float64Array(FIRING_HOURS).fill(Number.NaN);
    for (const { atMs, score } of await health.history({ kind: 'host', id }, 'hour', fromMs, toMs))
      course[Math.floor((atMs - fromMs) / HOUR_MS)] = score ?? Number.NaN;
    courses.push(course);
  }
  return courses;
}
