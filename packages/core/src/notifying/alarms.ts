/**
 * Alarms with a memory: what is wrong now becomes one incident from its begin to its end. What comes back soon after it
 * ended is the same incident, so a host that blinks is told once and not at every blink.
 */
import type { Overtaken } from '../retention/index.ts';
import { alarmWords, FILL_WITH_EVIDENCE, type HostUsageReport } from '../telemetry/index.ts';
import type { NoticeKind } from './target.ts';

export interface Alarm {
  /** tells the same trouble the next time it is looked at */
  readonly key: string;
  readonly kind: Extract<NoticeKind, `alarm.${string}`>;
  readonly level: 'warn' | 'bad';
  readonly title: string;
  readonly text: string;
  readonly path: string;
}

export interface AlarmRecord extends Alarm {
  readonly sinceMs: number;
  readonly endedMs: number | null;
}

/** An alarm is told when it has lasted so long, and told as over when it has been away so long. */
export const ALARM_SETTLES_MS = 20_000;
/** Ended ones are forgotten after it; longer than any pause of a target. */
const KEPT_MS = 7 * 86_400_000;

/** What has changed of the records, and what of them can be forgotten. */
export function alarmsAfter(
  known: readonly AlarmRecord[],
  observed: readonly Alarm[],
  nowMs: number,
): { readonly changed: readonly AlarmRecord[]; readonly forgotten: readonly string[] } {
  const byKey = new Map(known.map((record) => [record.key, record]));
  const keys = new Set(observed.map(({ key }) => key));
  const seen = observed.map((alarm) => {
    const before = byKey.get(alarm.key);
    const goesOn =
      before !== undefined && (before.endedMs === null || nowMs - before.endedMs < ALARM_SETTLES_MS);
    return { ...alarm, sinceMs: goesOn ? before.sinceMs : nowMs, endedMs: null };
  });
  const gone = known.filter(({ key }) => !keys.has(key));
  const ended = gone.filter(({ endedMs }) => endedMs === null).map((one) => ({ ...one, endedMs: nowMs }));
  const old = gone.filter(({ endedMs }) => endedMs !== null && nowMs - endedMs > KEPT_MS);
  return { changed: [...seen, ...ended], forgotten: old.map(({ key }) => key) };
}

export interface HostSeen {
  readonly id: number;
  readonly name: string;
  readonly report: HostUsageReport;
}

/** Of the memory: edges stop appends there. */
const FULL = 0.9;
const HOURS_SOON = 1;

export function hostAlarms(hosts: readonly HostSeen[]): Alarm[] {
  return hosts.flatMap(({ id, name, report }): Alarm[] => {
    const alarm = (what: string, level: Alarm['level'], title: string, text: string): Alarm[] => [
      { key: `host:${id}:${what}`, kind: 'alarm.host', level, title, text, path: '/hosts' },
    ];
    const { reachable, reason, usedBytes, limitBytes, hoursToFull } = report;
    if (report.alarm !== undefined) {
      const { what, cure } = alarmWords(report.alarm.reason, { id, name });
      return alarm('refused', 'bad', what, `${report.alarm.detail}. ${cure}`);
    }
    if (!reachable) return alarm('away', 'bad', `Host ${name} does not answer`, reason ?? 'No connection.');
    const fill = usedBytes === undefined || !limitBytes ? 0 : usedBytes / limitBytes;
    const percent = `${Math.round(100 * fill)} % of its memory is used.`;
    if (fill >= FULL)
      return alarm('full', 'bad', `Host ${name} is full`, `${percent} Appends to it are refused.`);
    if (fill >= FILL_WITH_EVIDENCE && hoursToFull !== undefined && hoursToFull < HOURS_SOON)
      return alarm('filling', 'warn', `Host ${name} will be full within the hour`, percent);
    return [];
  });
}

/** `why`: the newest plan's words when it needs hosts it may not have. */
export function capacityAlarm(why: string): Alarm {
  return {
    key: 'capacity',
    kind: 'alarm.capacity',
    level: 'bad',
    title: 'There is no room: the plan needs more hosts than the policy allows',
    text: why,
    path: '/recommendations',
  };
}

/** Of a group whose recovery would need events that retention takes. */
export function checkpointAlarm({ group, stream, holds, shardlets, events }: Overtaken): Alarm {
  const what = `A recovery of ${shardlets} of its shardlets would replay ${events} events of stream ${stream} that are past retention, or soon are.`;
  return {
    key: `state:${group}`,
    kind: 'alarm.checkpoint',
    level: holds ? 'warn' : 'bad',
    title: holds
      ? `Retention of stream ${stream} waits for checkpoints of group ${group}`
      : `Retention overtakes the checkpoints of group ${group}`,
    text: `${what} ${holds ? 'They are kept until there are newer checkpoints.' : 'Without newer checkpoints its state cannot be restored. Start its members, or set hold_retention.'}`,
    path: '/consumers',
  };
}

/** Of checkpoints of a group that were read and cannot be restored. */
export function damagedAlarm(group: string, damaged: readonly DamagedSeen[]): Alarm {
  const shardlets = new Set(damaged.map(({ shardlet }) => shardlet)).size;
  const { id, verifyError = '' } = damaged[0]!;
  return {
    key: `damaged:${group}`,
    kind: 'alarm.checkpoint',
    level: 'warn',
    title: `Checkpoints of group ${group} cannot be restored`,
    text: `Damaged: ${damaged.length}, of ${shardlets === 1 ? 'one shardlet' : `${shardlets} shardlets`}, for example ${id}: ${verifyError} Older ones and the events after them are kept, so a recovery replays more. Check the store of contents, then verify or remove them.`,
    path: '/checkpoints',
  };
}

export interface DamagedSeen {
  readonly id: string;
  readonly shardlet: number;
  readonly verifyError: string | undefined;
}

/** Of a group of which a restore drill failed, beside damaged checkpoints. */
export function drillAlarm(group: string, failed: readonly FailedDrillSeen[]): Alarm | undefined {
  const [first] = failed;
  if (first === undefined) return undefined;
  const others = failed.length === 1 ? '' : ` It failed for ${failed.length - 1} more of its shardlets.`;
  return {
    key: `drill:${group}`,
    kind: 'alarm.checkpoint',
    level: 'bad',
    title: `A restore drill of group ${group} failed`,
    text: `${first.error}${others} A replacement would refuse to start, or go on without them. Start the members of the group, so that they take a checkpoint, or set hold_retention.`,
    path: `/checkpoints?group=${encodeURIComponent(group)}`,
  };
}

export interface FailedDrillSeen {
  readonly shardlet: number;
  readonly error: string;
}

/** Of a stream whose newest forecast is too old to plan on. */
export function forecastAlarm(stream: string, minutesOld: number): Alarm {
  return {
    key: `forecast:${stream}`,
    kind: 'alarm.forecast',
    level: 'warn',
    title: `The load of stream ${stream} is not forecast any more`,
    text: `The newest forecast is ${minutesOld} minutes old; plans stand on the load of now until there is a new one.`,
    path: '/forecasts',
  };
}

export interface GroupSeen {
  readonly group: string;
  readonly members: number;
  readonly wantedAhead: number | undefined;
  readonly moreFromMs: number | undefined;
}

/** Of a group whose members will not keep up; undefined: they do, or there is nobody to add to. */
export function membersAlarm(
  { group, members, wantedAhead, moreFromMs }: GroupSeen,
  nowMs: number,
): Alarm | undefined {
  if (moreFromMs === undefined || wantedAhead === undefined || members === 0) return undefined;
  const more = wantedAhead - members;
  if (more <= 0) return undefined;
  const time = new Date(moreFromMs).toISOString().slice(11, 16);
  const when = moreFromMs <= nowMs ? 'now' : `from ${time} UTC`;
  return {
    key: `members:${group}`,
    kind: 'alarm.capacity',
    level: 'warn',
    title: `${group} needs ${more} more ${more === 1 ? 'member' : 'members'} ${when}`,
    text: `It has ${members}. Expected arrivals and its lag take ${wantedAhead} within the next 30 minutes.`,
    path: '/consumers',
  };
}
