/** What the worker last measured of every host, read again every two seconds from the control Redis. */
import { HOST_USAGE_KEY, type HostUsageReport, hostUsageSchema } from '@foreshard/core/telemetry';
import type { Redis } from 'ioredis';

const INTERVAL_MS = 2_000;

export class HostMeasures {
  private readonly redis: Redis;
  private measures: ReadonlyMap<number, HostUsageReport> = new Map();
  private timer: NodeJS.Timeout | undefined;

  constructor(redis: Redis) {
    this.redis = redis;
  }

  /** by host id; what was read last stays while Redis is away, and ages by its own time stamps */
  get current(): ReadonlyMap<number, HostUsageReport> {
    return this.measures;
  }

  start(): void {
    void this.read();
    this.timer = setInterval(() => void this.read(), INTERVAL_MS);
    this.timer.unref();
  }

  close(): void {
    clearInterval(this.timer);
  }

  private async read(): Promise<void> {
    try {
      this.measures = parseMeasures(await this.redis.hgetall(HOST_USAGE_KEY));
    } catch {
      // the control Redis is away: the load follower's age tells it
    }
  }
}

/** A report that cannot be read (another version of the worker) leaves its host unmeasured. */
export function parseMeasures(fields: Readonly<Record<string, string>>): Map<number, HostUsageReport> {
  const measures = new Map<number, HostUsageReport>();
  for (const [id, text] of Object.entries(fields)) {
    const report = parseReport(text);
    if (report !== undefined) measures.set(Number(id), report);
  }
  return measures;
}

function parseReport(text: string): HostUsageReport | undefined {
  try {
    return hostUsageSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
