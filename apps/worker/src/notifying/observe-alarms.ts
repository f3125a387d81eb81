/** What is wrong now, from what other jobs leave: reports of hosts, the newest plan, the age of forecasts. */
import type { RecommendationLog } from '@foreshard/core/advising';
import type { CheckpointRecords } from '@foreshard/core/checkpointing';
import type { GroupOutlookStore } from '@foreshard/core/consuming';
import { type ForecastRecords, RESOLUTIONS } from '@foreshard/core/forecast-service';
import { DRILLS_BELIEVED_MS, FAILED_DRILLS_KEY, failedDrillsSchema } from '@foreshard/core/group-state';
import {
  type Alarm,
  capacityAlarm,
  checkpointAlarm,
  damagedAlarm,
  drillAlarm,
  forecastAlarm,
  hostAlarms,
  membersAlarm,
} from '@foreshard/core/notifying';
import { OVERTAKEN_KEY, overtakenSchema } from '@foreshard/core/retention';
import { HOST_ALARMS_KEY, HOST_USAGE_KEY, hostUsageSchema, MINUTE_MS } from '@foreshard/core/telemetry';
import type { TopologyMap } from '@foreshard/core/topology';
import type { Redis } from 'ioredis';

export interface AlarmParts {
  readonly redis: Pick<Redis, 'hgetall'>;
  readonly recommendations: Pick<RecommendationLog, 'decisions'>;
  readonly forecasts: Pick<ForecastRecords, 'latest'>;
  readonly follower: { readonly map: TopologyMap };
  readonly groupOutlooks: Pick<GroupOutlookStore, 'all'>;
  readonly stateCheckpoints: Pick<CheckpointRecords, 'damaged'>;
  readonly nowMs: () => number;
}

/** The finer forecast is made anew with every step; so many missed steps are no accident. */
const STEPS_LATE = 6;
/** Older than this it says nothing about now: the stream has no load, or the worker was off. */
const FORGOTTEN_MS = 86_400_000;

export async function observeAlarms(parts: AlarmParts): Promise<Alarm[]> {
  return [
    ...(await ofHosts(parts)),
    ...(await ofCapacity(parts)),
    ...(await ofForecasts(parts)),
    ...(await ofMembers(parts)),
    ...(await ofState(parts)),
    ...(await ofDrills(parts)),
  ];
}

async function ofHosts({ redis, follower }: AlarmParts): Promise<Alarm[]> {
  const [reports, refused] = await Promise.all([
    redis.hgetall(HOST_USAGE_KEY),
    redis.hgetall(HOST_ALARMS_KEY),
  ]);
  return hostAlarms(
    follower.map.hosts().flatMap(({ id, name }) => {
      const text = reports[String(id)];
      const report = text === undefined ? undefined : hostUsageSchema.safeParse(JSON.parse(text)).data;
      const alarm = refused[String(id)];
      if (report === undefined) return [];
      return [{ id, name, report: alarm === undefined ? report : { ...report, alarm: JSON.parse(alarm) } }];
    }),
  );
}

async function ofCapacity({ recommendations }: AlarmParts): Promise<Alarm[]> {
  const [newest] = await recommendations.decisions(1);
  if (newest === undefined || !newest.document.hosts.some(({ reason }) => reason === 'at-hosts-max'))
    return [];
  const percent = Math.round(100 * newest.document.before.hottest);
  return [
    capacityAlarm(
      `The hottest host is at ${percent} % of its capacity within the horizon, and the policy allows no further host (scaling.hosts_max).`,
    ),
  ];
}

async function ofState({ redis, stateCheckpoints }: AlarmParts): Promise<Alarm[]> {
  const [overtaken, damaged] = await Promise.all([redis.hgetall(OVERTAKEN_KEY), stateCheckpoints.damaged()]);
  return [
    ...Object.values(overtaken).map((text) => checkpointAlarm(overtakenSchema.parse(JSON.parse(text)))),
    ...[...Map.groupBy(damaged, ({ group }) => group)].map(([group, ofGroup]) =>
      damagedAlarm(group, ofGroup),
    ),
  ];
}

async function ofDrills({ redis, nowMs }: AlarmParts): Promise<Alarm[]> {
  const books = Object.values(await redis.hgetall(FAILED_DRILLS_KEY));
  return books.flatMap((text) => {
    const { group, atMs, failed } = failedDrillsSchema.parse(JSON.parse(text));
    return nowMs() - atMs > DRILLS_BELIEVED_MS ? [] : (drillAlarm(group, failed) ?? []);
  });
}

async function ofForecasts({ forecasts, follower, nowMs }: AlarmParts): Promise<Alarm[]> {
  const found: Alarm[] = [];
  for (const { id, name } of follower.map.streams()) {
    const newest = await forecasts.latest(id, '5m');
    const ageMs = newest === undefined ? 0 : nowMs() - newest.originMs;
    if (ageMs > STEPS_LATE * RESOLUTIONS['5m'].stepMs && ageMs < FORGOTTEN_MS)
      found.push(forecastAlarm(name, Math.round(ageMs / MINUTE_MS)));
  }
  return found;
}

/** What is older was found by a worker that is off. */
const OUTLOOK_AGE_MS_MAX = 5 * MINUTE_MS;

async function ofMembers({ groupOutlooks, nowMs }: AlarmParts): Promise<Alarm[]> {
  const fresh = (await groupOutlooks.all()).filter(({ atMs }) => nowMs() - atMs <= OUTLOOK_AGE_MS_MAX);
  return fresh.flatMap((outlook) => membersAlarm(outlook, nowMs()) ?? []);
}
