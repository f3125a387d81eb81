/**
 * Measures how full every host is and how long it lasts, and publishes it as metrics and as a picture in the
 * control Redis. The samples are kept there as well, so that all workers draw one line.
 */
import { APPEND_MEMORY_SHARE_MAX, type HostUsage } from '@foreshard/core/hosts';
import {
  HOST_ALARMS_KEY,
  HOST_USAGE_KEY,
  type HostUsageReport,
  hoursToFull,
  type UsageSample,
} from '@foreshard/core/telemetry';
import type { Host, MapFollower } from '@foreshard/core/topology';
import type { Redis } from 'ioredis';
import { type HostDoors, lookAt, type ReadProof } from '../hosts/host-doors.ts';
import type { Metrics } from '../process/metrics.ts';
import type { HostSampler } from '../telemetry/sample-hosts.ts';

/** An hour at one sample every ten seconds: longer than the engines' own ups and downs. */
const SAMPLES_MAX = 360;

export interface MeasureParts {
  readonly follower: Pick<MapFollower, 'upToDate'>;
  readonly doors: HostDoors;
  readonly proof: ReadProof;
  readonly redis: Redis;
  readonly metrics: Metrics;
  readonly sampler: Pick<HostSampler, 'run'>;
  readonly nowMs: () => number;
}

export class MeasureHosts {
  private readonly parts: MeasureParts;

  constructor(parts: MeasureParts) {
    this.parts = parts;
  }

  async run(): Promise<undefined> {
    const { follower, redis } = this.parts;
    const hosts = (await follower.upToDate()).hosts();
    const alarms = await redis.hgetall(HOST_ALARMS_KEY);
    await Promise.all(hosts.map((host) => this.report(host, alarms[host.id])));
    await this.forgetOthers(new Set(hosts.map((h) => String(h.id))));
    await this.parts.sampler.run(hosts, this.parts.nowMs());
  }

  private async report(host: Host, alarm: string | undefined): Promise<void> {
    const report = {
      measuredAtMs: this.parts.nowMs(),
      ...(await this.measure(host)),
      ...(alarm === undefined ? {} : { alarm: JSON.parse(alarm) }),
    };
    this.expose(host.id, report);
    await this.parts.redis.hset(HOST_USAGE_KEY, String(host.id), JSON.stringify(report));
  }

  private async measure(host: Host): Promise<Omit<HostUsageReport, 'measuredAtMs' | 'alarm'>> {
    const look = await lookAt(host, this.parts.doors, this.parts.proof);
    if (look.kind === 'unreachable')
      return { reachable: false, reason: look.detail, incarnationKnown: false };
    if (look.assessment.kind !== 'trusted') return { reachable: true, incarnationKnown: false };
    try {
      const usage = await (await this.parts.doors.trusted(host.id)).usage();
      return { reachable: true, incarnationKnown: true, ...(await this.extrapolate(host.id, usage)) };
    } catch (error) {
      return { reachable: false, reason: String(error), incarnationKnown: false };
    }
  }

  private async extrapolate(host: number, { usedBytes, limitBytes }: HostUsage) {
    if (limitBytes === undefined) return { usedBytes };
    const samples = await this.addSample(host, { atMs: this.parts.nowMs(), usedBytes });
    const hours = hoursToFull(samples, limitBytes * APPEND_MEMORY_SHARE_MAX);
    return { usedBytes, limitBytes, ...(hours === undefined ? {} : { hoursToFull: hours }) };
  }

  private async addSample(host: number, sample: UsageSample): Promise<UsageSample[]> {
    const key = `{foreshard}:host-samples:${host}`;
    const { redis } = this.parts;
    await redis.rpush(key, JSON.stringify(sample));
    await redis.ltrim(key, -SAMPLES_MAX, -1);
    return (await redis.lrange(key, 0, -1)).map((text) => JSON.parse(text));
  }

  private expose(host: number, report: HostUsageReport): void {
    const { hostReachable, hostUsedBytes, hostLimitBytes, hostSecondsToFull } = this.parts.metrics;
    hostReachable.set({ host }, report.reachable ? 1 : 0);
    const values = [
      [hostUsedBytes, report.usedBytes],
      [hostLimitBytes, report.limitBytes],
      [hostSecondsToFull, secondsOf(report.hoursToFull)],
    ] as const;
    for (const [gauge, value] of values)
      if (value === undefined) gauge.remove({ host: String(host) });
      else gauge.set({ host }, value);
  }

  /** Hosts that have left the topology store leave the picture. */
  private async forgetOthers(known: ReadonlySet<string>): Promise<void> {
    const { redis } = this.parts;
    const gone = (await redis.hkeys(HOST_USAGE_KEY)).filter((id) => !known.has(id));
    if (gone.length > 0) await redis.hdel(HOST_USAGE_KEY, ...gone);
  }
}

const SECONDS_PER_HOUR = 3_600;

function secondsOf(hours: number | undefined): number | undefined {
  return hours === undefined ? undefined : hours * SECONDS_PER_HOUR;
}
