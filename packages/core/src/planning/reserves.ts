/**
 * Announced load as load of shardlets: each gets the part that its range has of the burst's, where room for it is worth what it costs by
 * the policy. An announcement that has ended counts for nothing, whoever wrote it and whether that one lives.
 */
import { type AnnouncedSurge, overOf, type ReserveWorth, worthOf } from '../surges/index.ts';
import type { ClusterState } from './cluster-state.ts';
import type { Policy } from './policy.ts';

export interface StreamSurge extends AnnouncedSurge {
  readonly stream: string;
}

type ShardletState = ClusterState['shardlets'][number];

const POSITIONS = 2 ** 64;
const SECONDS_PER_MINUTE = 60;
const DIGITS = 3;

export function withReserves(
  state: ClusterState,
  surges: readonly StreamSurge[],
  policy: Policy,
): ClusterState {
  if (policy.anticipation.reserve === 0) return state;
  const kept = groupsOf(state, surges).filter((group) => worthOfSurges(state, group, policy).isWorth);
  if (kept.length === 0) return state;
  const all = kept.flat();
  return { ...state, shardlets: state.shardlets.map((one) => withReserve(one, all)) };
}

/** What one event announces comes together, so it is judged together. What has ended is left out. */
function groupsOf({ now }: ClusterState, surges: readonly StreamSurge[]): StreamSurge[][] {
  const groups = new Map<string, StreamSurge[]>();
  for (const surge of surges) {
    if (surge.endsAtMs <= Date.parse(now)) continue;
    const cause = JSON.stringify([surge.stream, surge.type, surge.source, surge.announcedAtMs]);
    groups.set(cause, [...(groups.get(cause) ?? []), surge]);
  }
  return [...groups.values()];
}

function worthOfSurges(
  { hosts, shardlets }: ClusterState,
  group: readonly StreamSurge[],
  policy: Policy,
): ReserveWorth {
  const loaded = new Map(
    hosts.map(({ id, capacity }) => [
      id,
      { load: 0, extra: 0, capacity: capacity.eventsPerSecond ?? Number.POSITIVE_INFINITY },
    ]),
  );
  let bytes = 0;
  for (const one of shardlets) {
    const extra = group.reduce((sum, surge) => sum + partOf(one, surge) * surge.eventsPerSecond, 0);
    const host = loaded.get(one.host)!;
    host.load += one.load.eventsPerSecond ?? 0;
    host.extra += extra;
    if (extra > 0) bytes += one.bytes;
  }
  return worthOf(
    {
      probability: Math.max(...group.map(({ probability }) => probability)),
      minutes: Math.max(...group.map(({ minutes }) => minutes)),
      over: overOf(loaded.values(), policy.host.fullness),
      copyMinutes: bytes / policy.budget.copy_bytes_low / SECONDS_PER_MINUTE,
      copyShare: policy.host.copy_share,
    },
    policy.anticipation.reserve,
  );
}

function withReserve(one: ShardletState, surges: readonly StreamSurge[]): ShardletState {
  let most: { surge: StreamSurge; events: number } | undefined;
  for (const surge of surges) {
    const events = partOf(one, surge) * surge.eventsPerSecond;
    if (events > 0 && (most === undefined || events > most.events)) most = { surge, events };
  }
  if (most === undefined) return one;
  const { surge, events } = most;
  const announced = {
    eventsPerSecond: events,
    probability: surge.probability,
    cause: causeOf(surge),
    expectedAt: new Date(surge.expectedAtMs).toISOString(),
    endsAt: new Date(surge.endsAtMs).toISOString(),
    hasCome: surge.cameAtMs !== null,
  };
  // one key of a cold range is not what the burst will be made of
  const rate = one.load.eventsPerSecond ?? 0;
  return { ...one, announced, topKeyShare: rate > 0 ? (one.topKeyShare * rate) / (rate + events) : 0 };
}

/** Part of the burst's range that the shardlet has. */
function partOf({ stream, range }: ShardletState, surge: StreamSurge): number {
  if (stream !== surge.stream || range === undefined) return 0;
  const [from, to] = range.map((position) => Number(BigInt(`0x${position}`)) / POSITIONS) as [number, number];
  const [first, end] = surge.target;
  return Math.max(0, Math.min(to, end) - Math.max(from, first)) / (end - first);
}

export function causeOf({ type, source }: Pick<AnnouncedSurge, 'type' | 'source'>): string {
  const [from, to] = source.map((position) => position.toFixed(DIGITS));
  return type === 'burst' ? `a burst of keys ${from} to ${to}` : `"${type}" in keys ${from} to ${to}`;
}
