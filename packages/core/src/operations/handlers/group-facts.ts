/** What is shown of a group beside its committed positions: how fast it is, what waits, and how old its oldest event is. */
import type { DueRecords } from '../../checkpointing/index.ts';
import {
  type Arrivals,
  type Checkpoint,
  DRAIN_MINUTES_DEFAULT,
  type ExplainedShardlet,
  type Group,
  type GroupOutlookStore,
  type GroupProgressStore,
  type GroupState,
  membersWanted,
  processingRate,
  progressOf,
  standingOf,
} from '../../consuming/index.ts';
import type { TopologyMap } from '../../topology/index.ts';
import type { groups } from '../groups.ts';
import type { OutputOf } from '../operation.ts';

export interface GroupFactSources {
  /** how fast groups process */
  readonly groupProgress: Pick<GroupProgressStore, 'recent' | 'firsts'>;
  /** what workers have learned of their members */
  readonly groupOutlooks: Pick<GroupOutlookStore, 'of' | 'all'>;
  /** when checkpoints of state are due, and what a recovery takes */
  readonly recoveries: Pick<DueRecords, 'recent' | 'over'>;
  /** what is expected to arrive in a stream; undefined: nothing is known of it yet */
  readonly arrivals: (stream: number) => Promise<Arrivals | undefined>;
  /** when the oldest event was stored that is not committed, in microseconds @throws HostUnreachable */
  readonly oldestEvent: (checkpoint: Checkpoint) => Promise<number | undefined>;
  readonly nowMs: () => number;
}

type Shown = OutputOf<typeof groups.show>;

/** Each is one call of a host. */
const OLDEST_LOOKS_MAX = 64;
const WAITING_SHOWN = 100;

/** A group is shown without what cannot be read just now. */
export async function groupProgress(
  { groupProgress: store, arrivals, nowMs }: GroupFactSources,
  { name, stream }: Group,
  checkpoints: readonly Checkpoint[],
  lag: number | null,
): Promise<Shown['progress']> {
  const [samples, expected] = await Promise.all([
    store.recent(name).catch(() => []),
    arrivals(stream).catch(() => undefined),
  ]);
  const processed = checkpoints.reduce((sum, { seq, skipped }) => sum + seq - skipped, 0);
  const now = { atMs: nowMs(), processed };
  const progress = progressOf(lag ?? undefined, processingRate(samples, now), expected, now.atMs);
  return { ...progress, forecast: [...progress.forecast] };
}

/** As of now, with what a worker has learned; null: nobody adds members to it. */
export async function wantedOf(
  {
    groupOutlooks,
    arrivals,
    map,
    nowMs,
  }: GroupFactSources & { readonly map: () => Pick<TopologyMap, 'shardlets'> },
  group: Group,
  { members, checkpoints }: GroupState,
  lag: number | null,
): Promise<Shown['membersWanted']> {
  const { name, stream, push, redriveOf, drainMinutes = DRAIN_MINUTES_DEFAULT } = group;
  if (push !== undefined || redriveOf !== undefined) return null;
  const [outlook, expected] = await Promise.all([
    groupOutlooks.of(name).catch(() => undefined),
    arrivals(stream).catch(() => undefined),
  ]);
  return membersWanted({
    ...{ lag: lag ?? undefined, arrivals: expected, memberRate: outlook?.memberRate, drainMinutes },
    ...{ members: members.length, nowMs: nowMs() },
    shardlets: standingOf(map(), group, checkpoints).workable.length,
  });
}

type KeptState = NonNullable<Shown['shardlets'][number]['state']>;

/** By shardlet, as far as a worker has judged it lately. */
export async function keptStatesOf(
  { recoveries }: GroupFactSources,
  { name, checkpointing }: Group,
): Promise<ReadonlyMap<number, KeptState>> {
  if (checkpointing === undefined) return new Map();
  const judged = await recoveries.recent(name).catch(() => []);
  return new Map(
    judged.map(({ shardlet, verdict: { takenAtMs, recovery, eventsToReplay, backlogEvents, isDue } }) => [
      shardlet,
      {
        ...{ checkpointAt: takenAtMs, replays: eventsToReplay, due: isDue },
        ...{ recoveryMs: recovery.totalMs, backlog: backlogEvents },
      },
    ]),
  );
}

/** By shardlet, of those that are furthest behind. */
export async function oldestOf(
  { oldestEvent }: GroupFactSources,
  { checkpoints }: GroupState,
  shardlets: readonly { readonly shardlet: number; readonly lag: number | null }[],
): Promise<ReadonlyMap<number, number>> {
  const behind = shardlets
    .filter(({ lag }) => lag !== null && lag > 0)
    .sort((a, b) => b.lag! - a.lag!)
    .slice(0, OLDEST_LOOKS_MAX);
  const found = new Map<number, number>();
  await Promise.all(
    behind.map(async ({ shardlet }) => {
      const at = await oldestEvent(checkpoints.get(shardlet)!).catch(() => undefined);
      if (at !== undefined) found.set(shardlet, at);
    }),
  );
  return found;
}

/** The first of them. */
export function waitingIn(
  explained: ReadonlyMap<number, ExplainedShardlet>,
): Pick<Shown, 'waiting' | 'waitingCount'> {
  const waiting = [...explained.values()].flatMap(({ shardlet, reason }) =>
    reason.kind === 'waits' ? [{ shardlet, parents: reason.parents }] : [],
  );
  return { waiting: waiting.slice(0, WAITING_SHOWN), waitingCount: waiting.length };
}
