/**
 * Reads what each host uses and puts it into the stream of the flushes. Rates are the differences of two
 * readings; the one before is kept in the control Redis, since any worker may take the next one.
 */
import type { HostResources } from '@foreshard/core/adapters/telemetry';
import {
  HOST_SAMPLES_FIELD,
  type HostSamples,
  LOAD_STREAM_KEY,
  loadStreamLength,
  ratesBetween,
} from '@foreshard/core/telemetry';
import type { Host } from '@foreshard/core/topology';
import type { Redis } from 'ioredis';

/** Hash: host id -> its last reading as JSON. */
const READINGS_KEY = '{foreshard}:host-readings';

export interface HostReader {
  read(host: Host): Promise<HostResources>;
  keep(ids: ReadonlySet<number>): void;
}

export class HostSampler {
  private readonly redis: Redis;
  private readonly reader: HostReader;

  constructor(redis: Redis, reader: HostReader) {
    this.redis = redis;
    this.reader = reader;
  }

  /** A host that does not answer has no sample: its minute stays unknown. */
  async run(hosts: readonly Host[], nowMs: number): Promise<void> {
    this.reader.keep(new Set(hosts.map((h) => h.id)));
    const before = await this.redis.hgetall(READINGS_KEY);
    const ends = await Promise.allSettled(hosts.map((host) => this.reader.read(host)));
    const samples: HostSamples['hosts'] = [];
    const readings: Record<string, string> = {};
    for (const [i, end] of ends.entries()) {
      if (end.status === 'rejected') continue;
      const { id } = hosts[i]!;
      const known = before[id];
      samples.push({
        host: id,
        values: valuesOf(known === undefined ? undefined : JSON.parse(known), end.value),
      });
      readings[id] = JSON.stringify(end.value);
    }
    if (samples.length === 0) return;
    await this.redis.del(READINGS_KEY);
    await this.redis.hset(READINGS_KEY, readings);
    const text = JSON.stringify({ atMs: nowMs, hosts: samples } satisfies HostSamples);
    const length = loadStreamLength(text.length);
    await this.redis.xadd(LOAD_STREAM_KEY, 'MAXLEN', '~', length, '*', HOST_SAMPLES_FIELD, text);
  }
}

function valuesOf(before: HostResources | undefined, now: HostResources) {
  return {
    ...ratesBetween(before, now),
    ...(now.memoryBytes === undefined ? {} : { memory: now.memoryBytes }),
    ...(now.diskBytes === undefined ? {} : { disk: now.diskBytes }),
  };
}
