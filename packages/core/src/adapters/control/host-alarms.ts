/** The alarms of hosts that a worker has raised, from the control Redis. */
import type { Redis } from 'ioredis';
import { HOST_ALARMS_KEY, type HostAlarm } from '../../telemetry/index.ts';
import { within } from '../deadline/index.ts';

export type HostAlarms = ReadonlyMap<number, HostAlarm>;

/** Workers write them every two seconds. */
const FRESH_MS = 1_000;
/** Whoever asks is a probe, which must not hang with the control Redis. */
const PATIENCE_MS = 300;

export async function readHostAlarms(redis: Pick<Redis, 'hgetall'>): Promise<HostAlarms> {
  const texts = Object.entries(await redis.hgetall(HOST_ALARMS_KEY));
  return new Map(texts.map(([host, text]) => [Number(host), JSON.parse(text)]));
}

/** As they were last known: without an answer in time, older ones. */
export function knownHostAlarms(redis: Pick<Redis, 'hgetall'>, nowMs: () => number) {
  let known: HostAlarms = new Map();
  let atMs = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;
  const ask = async () => {
    known = await readHostAlarms(redis);
    atMs = nowMs();
  };
  return async (): Promise<HostAlarms> => {
    if (nowMs() - atMs < FRESH_MS) return known;
    asking ??= ask()
      .catch(() => {})
      .finally(() => {
        asking = undefined;
      });
    await within(PATIENCE_MS, asking, 'no answer').catch(() => {});
    return known;
  };
}
