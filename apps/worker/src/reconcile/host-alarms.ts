/**
 * Hosts that are not used until a person has looked at them. An alarm is a log line once, a metric while it
 * lasts, and an entry in the control Redis that the console and the command line show. The entry is written
 * again at every look, so losing it costs two seconds.
 */
import { HOST_ALARMS_KEY, type HostAlarm } from '@foreshard/core/telemetry';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { Metrics } from '../process/metrics.ts';

export interface HostAlarmParts {
  readonly redis: Redis;
  readonly metrics: Pick<Metrics, 'hostAlarm'>;
  readonly log: Logger;
  readonly nowMs: () => number;
}

export class HostAlarms {
  private readonly parts: HostAlarmParts;
  private readonly raised = new Map<number, HostAlarm>();

  constructor(parts: HostAlarmParts) {
    this.parts = parts;
  }

  async raise(host: number, reason: string, detail: string): Promise<void> {
    const before = this.raised.get(host);
    const alarm = {
      reason,
      detail,
      sinceMs: before?.reason === reason ? before.sinceMs : this.parts.nowMs(),
    };
    this.raised.set(host, alarm);
    if (before?.reason !== reason) {
      if (before !== undefined) this.lower(host, before);
      this.parts.metrics.hostAlarm.set({ host, reason }, 1);
      this.parts.log.error({ host, reason, detail }, 'host alarm: it is not used until a person has looked');
    }
    await this.quietly(() => this.parts.redis.hset(HOST_ALARMS_KEY, String(host), JSON.stringify(alarm)));
  }

  /** Also what another worker has raised. */
  async clear(host: number): Promise<void> {
    const before = this.raised.get(host);
    if (before !== undefined) {
      this.raised.delete(host);
      this.lower(host, before);
      this.parts.log.info({ host, reason: before.reason }, 'host alarm is over');
    }
    await this.quietly(() => this.parts.redis.hdel(HOST_ALARMS_KEY, String(host)));
  }

  private lower(host: number, { reason }: HostAlarm): void {
    this.parts.metrics.hostAlarm.remove({ host: String(host), reason });
  }

  /** The picture waits for Redis; the work does not. */
  private async quietly(write: () => Promise<unknown>): Promise<void> {
    await write().catch((error) => this.parts.log.warn({ err: error }, 'the alarm cannot be shown'));
  }
}
