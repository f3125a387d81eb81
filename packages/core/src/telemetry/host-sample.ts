/** What the engine of a host uses just now, as a worker measured it; it travels in the stream of the flushes. */
import { z } from 'zod';
import { HOST_METRIC_NAMES } from './metric.ts';

const value = z.number().min(0);

export const hostSamplesSchema = z.object({
  atMs: z.int().min(0),
  hosts: z.array(
    z.object({
      host: z.int().min(1),
      values: z.partialRecord(z.enum(HOST_METRIC_NAMES), value),
    }),
  ),
});
export type HostSamples = z.infer<typeof hostSamplesSchema>;

/** Field of the entry, beside LOAD_FLUSH_FIELD: JSON, since it comes once in ten seconds. */
export const HOST_SAMPLES_FIELD = 'hosts';

/** Totals since the start of an engine, and when they were read. */
export interface HostCounters {
  readonly atMs: number;
  /** another run of the engine begins to count anew */
  readonly run: string;
  readonly cpuSeconds?: number;
  readonly networkInBytes?: number;
  readonly networkOutBytes?: number;
  readonly diskReadBytes?: number;
  readonly commands?: number;
}

/** Averages between two readings; nothing where the engine was started anew meanwhile, or does not tell. */
export function ratesBetween(
  before: HostCounters | undefined,
  now: HostCounters,
): Partial<Record<'cpu' | 'networkIn' | 'networkOut' | 'diskRead' | 'commands', number>> {
  if (before === undefined || before.run !== now.run || now.atMs <= before.atMs) return {};
  const seconds = (now.atMs - before.atMs) / 1_000;
  const pairs = [
    ['cpu', before.cpuSeconds, now.cpuSeconds],
    ['networkIn', before.networkInBytes, now.networkInBytes],
    ['networkOut', before.networkOutBytes, now.networkOutBytes],
    ['diskRead', before.diskReadBytes, now.diskReadBytes],
    ['commands', before.commands, now.commands],
  ] as const;
  return Object.fromEntries(
    pairs.flatMap(([name, a, b]) =>
      a === undefined || b === undefined || b < a ? [] : [[name, (b - a) / seconds]],
    ),
  );
}
