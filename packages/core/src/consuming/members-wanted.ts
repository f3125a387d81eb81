/**
 * How many members a group needs: enough for what is expected to arrive, and for its backlog within the time that was asked
 * for. What a member can process is learned from what members have processed; while a group keeps up that is no more
 * than what arrives, so the highest rate that was seen counts, and it falls only while the group has a backlog.
 */
import { type Arrivals, keepsUpAt } from './group-progress.ts';

export const DRAIN_MINUTES_DEFAULT = 10;
/** A new member should be there before the load is. */
export const MEMBERS_HORIZON_MS = 1_800_000;
/** Of a member; as much too little is no reason for one more. */
const SLACK = 0.05;
/** How fast a higher rate is believed, and a lower one while the group has a backlog. */
const RISE = 0.5;
const FALL = 0.1;

export interface MembersInput {
  /** undefined: a host does not answer */
  readonly lag: number | undefined;
  readonly arrivals: Arrivals | undefined;
  /** events per second */
  readonly memberRate: number | undefined;
  readonly drainMinutes: number;
  readonly members: number;
  /** no member works on less than one */
  readonly shardlets: number;
  readonly nowMs: number;
}

export type MembersWhy =
  | {
      readonly kind: 'known';
      /** events per second, exceeded with probability .1 */
      readonly arriving: number;
      /** the most within the horizon */
      readonly arrivingAhead: number;
      readonly arrivalsFrom: Arrivals['from'];
      readonly memberRate: number;
      readonly lag: number;
      readonly drainMinutes: number;
      /** more would help, but no member works on less than a shardlet */
      readonly limitedByShardlets: boolean;
    }
  | { readonly kind: 'unknown'; readonly because: 'lag' | 'arrivals' | 'rate' };

export interface MembersWanted {
  /** null: not known */
  readonly now: number | null;
  /** the most at any time from now to the horizon */
  readonly atHorizon: number | null;
  /** from when on more are needed than there are; null: never within the horizon */
  readonly at: number | null;
  readonly why: MembersWhy;
}

export function membersWanted(input: MembersInput): MembersWanted {
  const { lag, arrivals, memberRate, members, shardlets, nowMs, drainMinutes } = input;
  if (lag === undefined) return unknown('lag');
  if (arrivals === undefined) return unknown('arrivals');
  if (memberRate === undefined || memberRate <= 0) return unknown('rate');
  const rates = arrivals.p90PerSecond ?? arrivals.perSecond;
  const steps = rates.slice(0, Math.max(1, Math.ceil(MEMBERS_HORIZON_MS / arrivals.stepMs)));
  const [arriving = 0] = steps;
  const drainMs = drainMinutes * 60_000;
  const drained = lag > keepsUpAt(arriving) ? (lag * 1_000) / drainMs : 0;
  const most = Math.max(1, shardlets);
  const unbounded = steps.map((rate, i) =>
    Math.max(1, Math.ceil((rate + (i * arrivals.stepMs < drainMs ? drained : 0)) / memberRate - SLACK)),
  );
  const each = unbounded.map((count) => Math.min(most, count));
  const first = each.findIndex((count) => count > members);
  return {
    now: each[0]!,
    atHorizon: Math.max(...each),
    at: first < 0 ? null : nowMs + first * arrivals.stepMs,
    why: {
      kind: 'known',
      arriving,
      arrivingAhead: Math.max(...steps),
      arrivalsFrom: arrivals.from,
      ...{ memberRate, lag, drainMinutes },
      limitedByShardlets: unbounded.some((count) => count > most),
    },
  };
}

/** Of one interval, in which the number of members did not change. */
export interface PaceSample {
  readonly atMs: number;
  readonly processed: number;
  readonly members: number | undefined;
}

/** What a member can process, after the last minutes; `samples` the oldest first. */
export function learnMemberRate(
  known: number | undefined,
  samples: readonly PaceSample[],
  isBehind: boolean,
): number | undefined {
  const observed = paceOf(samples);
  if (observed === undefined) return known;
  if (known === undefined) return observed > 0 ? observed : undefined;
  if (observed > known) return known + RISE * (observed - known);
  return isBehind ? known + FALL * (observed - known) : known;
}

/** Over less than that it is the luck of a batch. */
const PACE_SPAN_MS_MIN = 45_000;

/** Of the longest span up to now in which as many members were there. */
function paceOf(samples: readonly PaceSample[]): number | undefined {
  const last = samples.at(-1);
  if (last === undefined || !last.members) return undefined;
  let first = last;
  for (const sample of [...samples].reverse()) {
    if (sample.members !== last.members || sample.processed > first.processed) break;
    first = sample;
  }
  const ms = last.atMs - first.atMs;
  if (ms < PACE_SPAN_MS_MIN) return undefined;
  return ((last.processed - first.processed) * 1_000) / ms / last.members;
}

function unknown(because: Extract<MembersWhy, { kind: 'unknown' }>['because']): MembersWanted {
  return { now: null, atHorizon: null, at: null, why: { kind: 'unknown', because } };
}

/** What a worker found last. */
export interface GroupOutlook {
  readonly group: string;
  readonly memberRate: number | undefined;
  readonly wantedNow: number | undefined;
  readonly wantedAhead: number | undefined;
  readonly members: number;
  readonly moreFromMs: number | undefined;
  readonly atMs: number;
}

export interface GroupOutlookStore {
  of(group: string): Promise<GroupOutlook | undefined>;
  all(): Promise<readonly GroupOutlook[]>;
  /** Of a group that is gone nothing is kept. */
  keep(outlook: GroupOutlook): Promise<void>;
}
