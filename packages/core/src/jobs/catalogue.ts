/**
 * Every background job, described once: name, payload, timeout, retries, schedule. Producers and the
 * worker share it. A job is only a wake-up: what is to be done stands in the topology store, so a lost job costs the
 * time until the next scheduled run and nothing else.
 */
import { z } from 'zod';

export interface JobDescription<P extends z.ZodType = z.ZodType> {
  /** what it does, for the console's list of jobs */
  readonly purpose: string;
  readonly payload: P;
  readonly timeoutMs: number;
  readonly attempts: number;
  readonly backoffMs: number;
  /** runs by itself this often; the payload is then the schema's default */
  readonly everyMs?: number;
}

const nothing = z.object({}).default({});
const training = (reason: string) =>
  z
    .object({ streamId: z.int().nullable(), reason: z.string().max(500), actor: z.string().max(100) })
    .default({ streamId: null, reason, actor: 'schedule' });
/** Within it a training of all streams has to end. */
const TRAINING_TIMEOUT_MS = 3_600_000;
const DAY_MS = 86_400_000;

export const JOBS = {
  reconcile: {
    purpose:
      'Finishes every restructure that the topology store has decided, readmits restarted hosts, drops what is left over',
    payload: nothing,
    timeoutMs: 120_000,
    attempts: 1,
    backoffMs: 0,
    everyMs: 2_000,
  },
  proveHosts: {
    purpose: 'Marks every host, so that one that went back to an older state is found and not used',
    payload: nothing,
    timeoutMs: 10_000,
    attempts: 1,
    backoffMs: 0,
    everyMs: 1_000,
  },
  move: {
    purpose:
      'Copies what the topology store has as moving, opens it at its destination, and empties hosts that drain',
    payload: nothing,
    timeoutMs: 120_000,
    attempts: 1,
    backoffMs: 0,
    everyMs: 1_000,
  },
  retention: {
    purpose:
      'Trims events past the retention of their stream, ends closed shardlets past it, frees forgotten ids',
    payload: nothing,
    timeoutMs: 300_000,
    attempts: 2,
    backoffMs: 5_000,
    everyMs: 30_000,
  },
  measureHosts: {
    purpose: 'Measures used memory of every host and how many hours are left until it is full',
    payload: nothing,
    timeoutMs: 30_000,
    attempts: 1,
    backoffMs: 0,
    everyMs: 10_000,
  },
  sampleGroups: {
    purpose: 'Notes how far consumer groups are, so that their speed is known',
    payload: nothing,
    timeoutMs: 10_000,
    attempts: 1,
    backoffMs: 0,
    everyMs: 15_000,
  },
  weighShardlets: {
    purpose: 'Writes how much load each shardlet will bring, by which members of consumer groups share them',
    payload: nothing,
    timeoutMs: 30_000,
    attempts: 1,
    backoffMs: 0,
    everyMs: 60_000,
  },
  checkpoint: {
    purpose: 'Judges which checkpoints of the state of consumer groups are due, and learns from recoveries',
    payload: nothing,
    timeoutMs: 60_000,
    attempts: 1,
    backoffMs: 0,
    everyMs: 10_000,
  },
  keepCheckpoints: {
    purpose: 'Verifies and prunes checkpoints of the state of consumer groups, and drills restores',
    payload: nothing,
    timeoutMs: 300_000,
    attempts: 1,
    backoffMs: 0,
    everyMs: 10_000,
  },
  countMembers: {
    purpose: 'Finds out how many members consumer groups need now and soon, and how much one processes',
    payload: nothing,
    timeoutMs: 60_000,
    attempts: 1,
    backoffMs: 0,
    everyMs: 60_000,
  },
  mergeProfiles: {
    purpose: 'Adds what edges have profiled to minutes and hours, and ends what is past its retention',
    payload: nothing,
    timeoutMs: 60_000,
    attempts: 1,
    backoffMs: 0,
    everyMs: 10_000,
  },
  scoreHealth: {
    purpose: 'Scores the health of every shardlet and host from what is recorded, and keeps the history',
    payload: nothing,
    timeoutMs: 60_000,
    attempts: 1,
    backoffMs: 0,
    everyMs: 60_000,
  },
  rollUpTelemetry: {
    purpose: 'Adds the load that edges tell up to minutes and hours, and ends what is past its retention',
    payload: nothing,
    timeoutMs: 300_000,
    attempts: 1,
    backoffMs: 0,
    everyMs: 5_000,
  },
  plan: {
    purpose:
      'Plans by the live load and its forecast, records what it recommends, approves what the policy says',
    payload: nothing,
    timeoutMs: 120_000,
    attempts: 1,
    backoffMs: 0,
    everyMs: 60_000,
  },
  carryOut: {
    purpose: 'Begins what is approved and due, and notes how it ended',
    payload: nothing,
    timeoutMs: 120_000,
    attempts: 1,
    backoffMs: 0,
    everyMs: 2_000,
  },
  relieveHotKeys: {
    purpose:
      'Splits below keys that edges tell as hot, where the stream and the policy allow it, or has the planner propose it',
    payload: nothing,
    timeoutMs: 30_000,
    attempts: 1,
    backoffMs: 0,
  },
  clusters: {
    purpose:
      'Reads the load of external clusters, plans them, and tells those who run them what was approved',
    payload: nothing,
    timeoutMs: 120_000,
    attempts: 1,
    backoffMs: 0,
    everyMs: 15_000,
  },
  sealAudit: {
    purpose:
      'Seals the audit log, publishes the head of its chain, verifies it, and ends what is past its retention',
    payload: nothing,
    timeoutMs: 120_000,
    attempts: 1,
    backoffMs: 0,
    everyMs: 1_000,
  },
  notify: {
    purpose:
      'Tells the targets of notifications what waits for them and what is wrong, and sends what was not taken',
    payload: nothing,
    timeoutMs: 60_000,
    attempts: 1,
    backoffMs: 0,
    everyMs: 5_000,
  },
  demo: {
    purpose: 'Carries out "Watch it work", and cleans up after one whose worker ended',
    payload: nothing,
    // a demo takes less than three minutes
    timeoutMs: 300_000,
    attempts: 1,
    backoffMs: 0,
    everyMs: 2_000,
  },
  correlate: {
    purpose:
      'Divides the keys of streams into slices, which workers share and learn which events announce which',
    payload: nothing,
    timeoutMs: 30_000,
    attempts: 1,
    backoffMs: 0,
    everyMs: 5_000,
  },
  forecast: {
    purpose: 'Forecasts the load of every shardlet whenever a step has ended, and learns from the last one',
    payload: nothing,
    timeoutMs: 600_000,
    attempts: 1,
    backoffMs: 0,
    everyMs: 60_000,
  },
  train: {
    purpose: 'Trains challengers on the newest data and promotes one that errs no more than the champion',
    payload: training('daily'),
    timeoutMs: TRAINING_TIMEOUT_MS,
    attempts: 1,
    backoffMs: 0,
    everyMs: DAY_MS,
  },
  trainWeekly: {
    purpose: 'Trains with a back-test of four times as many origins',
    payload: training('weekly'),
    timeoutMs: TRAINING_TIMEOUT_MS,
    attempts: 1,
    backoffMs: 0,
    everyMs: 7 * DAY_MS,
  },
} as const satisfies Record<string, JobDescription>;

export type JobName = keyof typeof JOBS;
export type JobPayload<N extends JobName> = z.infer<(typeof JOBS)[N]['payload']>;

export const JOB_QUEUE = 'jobs';
/** BullMQ's key prefix; the braces keep all its keys in one slot of a Redis Cluster. */
export const JOB_PREFIX = '{foreshard}';
