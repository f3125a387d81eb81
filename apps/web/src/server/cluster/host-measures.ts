/** What the worker last measured of every host, read again every two seconds from the control Redis. */
import type { Redis } from 'ioredis';
import type { HostMeasure } from './host-views.ts';

const INTERVAL_MS = 2_000;

export class HostMeasures {
  private readonly redis: Redis;
  private measures: ReadonlyMap<number, HostMeasure> = new Map();
  private timer: NodeJS.Timeout | undefined;

  constructor(redis: Redis) {
    this.redis = redis;
  }

  /** by host id; what was read last stays while Redis is away, and ages by its own time stamps */
  get current(): ReadonlyMap<number, HostMeasure> {
    return this.measures;
  }

  start(): void {
    void this.read();
    this.timer = setInterval(() => void this.read(), INTERVAL_MS);
    this.timer.unref();
  }

  private async read(): Promise<void> {
    try {
      this.measures = parseMeasures(await this.redis.hgetall('{foreshard}:hosts'));
    } catch {
      // the control Redis is away: the load follower's age tells it
    }
  }
}

function parseMeasures(fields: Readonly<Record<string, string>>): Map<number, HostMeasure> {
  const measures = new Map<number, HostMeasure>();
  for (const [id, text] of Object.entries(fields)) measures.set(Number(id), JSON.parse(text) as HostMeasure);
  return measures;
}
