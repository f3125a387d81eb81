/** Everything the worker counts, in one place, so that names and labels can be read together. */
import type { GroupOutlook } from '@foreshard/core/consuming';
import { removeMisnamed } from '@foreshard/core/exposition';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** From a reconcile with nothing to do to a long readmission. */
const DURATION_BUCKETS_SECONDS = [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300];

/** The goal is 20 ms; seconds mean that a worker was killed in the middle. */
const CUTOVER_BUCKETS_SECONDS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 30];

export type Metrics = ReturnType<typeof createMetrics>;

type Outlooks = () => Promise<readonly Pick<GroupOutlook, 'group' | 'wantedNow' | 'wantedAhead' | 'atMs'>[]>;

/** `outlooks`: of consumer groups; any worker may have found them. */
export function createMetrics(outlooks: Outlooks = async () => []) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  removeMisnamed(registry);
  return {
    registry,
    jobRuns: new Counter({
      name: 'foreshard_job_runs_total',
      help: 'Runs of background jobs that ended, by job and result',
      labelNames: ['job', 'result'],
      registers,
    }),
    jobSeconds: new Histogram({
      name: 'foreshard_job_duration_seconds',
      help: 'How long runs of background jobs took',
      labelNames: ['job'],
      buckets: DURATION_BUCKETS_SECONDS,
      registers,
    }),
    outcomes: new Counter({
      name: 'foreshard_restructure_outcomes_total',
      help: 'How attempts to finish what the topology store decided have ended',
      labelNames: ['outcome'],
      registers,
    }),
    lockLanes: new Counter({
      name: 'foreshard_lock_lanes_total',
      help: 'Requests for a lock by how they went: locked, contended, unlocked (no lock service), lost',
      labelNames: ['lane'],
      registers,
    }),
    pushed: new Counter({
      name: 'foreshard_pushed_events_total',
      help: 'Events posted to the addresses of groups, by the status of the answer; 0: none came',
      labelNames: ['group', 'status'],
      registers,
    }),
    movedBytes: new Counter({
      name: 'foreshard_moved_bytes_total',
      help: 'Bytes of records that were copied by moves',
      registers,
    }),
    cutoverSeconds: new Histogram({
      name: 'foreshard_cutover_duration_seconds',
      help: 'How long edges had to hold events of a moving shardlet: from its seal to its opening',
      buckets: CUTOVER_BUCKETS_SECONDS,
      registers,
    }),
    unsettled: new Gauge({
      name: 'foreshard_unsettled_shardlets',
      help: 'Shardlets whose host has not confirmed what the topology store decided',
      registers,
    }),
    moving: new Gauge({
      name: 'foreshard_moving_shardlets',
      help: 'Shardlets that are on their way to another host',
      registers,
    }),
    garbage: new Gauge({
      name: 'foreshard_garbage_replicas',
      help: 'Replicas that nothing refers to and that are still to be dropped',
      registers,
    }),
    readmissions: new Counter({
      name: 'foreshard_host_readmissions_total',
      help: 'Restarted hosts that were taken into use again, by whether writes may have been lost',
      labelNames: ['host', 'durability'],
      registers,
    }),
    trimmed: new Counter({
      name: 'foreshard_retention_shardlets_total',
      help: 'Shardlets that retention went through, by result',
      labelNames: ['result'],
      registers,
    }),
    telemetryFlushes: new Counter({
      name: 'foreshard_telemetry_flushes_total',
      help: 'Seconds of load of one edge, by what became of them; missing: never came',
      labelNames: ['result'],
      registers,
    }),
    telemetrySharedIds: new Gauge({
      name: 'foreshard_telemetry_shared_edge_ids',
      help: 'Ids under which two edges run at the same time; seen by the worker that rolled up last',
      registers,
    }),
    telemetryAgeSeconds: new Gauge({
      name: 'foreshard_telemetry_age_seconds',
      help: 'Age of the newest load that is rolled up',
      registers,
    }),
    auditHead: new Gauge({
      name: 'foreshard_audit_head_number',
      help: 'Number of the newest seal of the audit log; it never falls',
      registers,
    }),
    auditUnsealed: new Gauge({
      name: 'foreshard_audit_unsealed_rows',
      help: 'Rows of the audit log without a seal, counted each minute',
      registers,
    }),
    auditFaults: new Gauge({
      name: 'foreshard_audit_faults',
      help: 'What is wrong with the chain of the audit log; 0: the last verification found nothing',
      registers,
    }),
    notified: new Counter({
      name: 'foreshard_webhook_attempts_total',
      help: 'Attempts to deliver a message to a target of notifications, by what became of them',
      labelNames: ['target', 'result'],
      registers,
    }),
    membersWanted: new Gauge({
      name: 'foreshard_group_members_wanted',
      help: 'Members that a consumer group needs at most within the next 30 minutes; missing: not known',
      labelNames: ['group'],
      registers,
      collect() {
        return shown(this, outlooks, ({ wantedAhead }) => wantedAhead);
      },
    }),
    membersWantedNow: new Gauge({
      name: 'foreshard_group_members_wanted_now',
      help: 'Members that a consumer group needs now; missing: not known',
      labelNames: ['group'],
      registers,
      collect() {
        return shown(this, outlooks, ({ wantedNow }) => wantedNow);
      },
    }),
    hostAlarm: new Gauge({
      name: 'foreshard_host_alarm',
      help: '1 while a host is refused until a person has looked at it',
      labelNames: ['host', 'reason'],
      registers,
    }),
    hostReachable: new Gauge({
      name: 'foreshard_host_reachable',
      help: '1 when the host answered the last measurement',
      labelNames: ['host'],
      registers,
    }),
    hostUsedBytes: new Gauge({
      name: 'foreshard_host_used_bytes',
      help: 'Memory or disk that the engine of a host uses',
      labelNames: ['host'],
      registers,
    }),
    hostLimitBytes: new Gauge({
      name: 'foreshard_host_limit_bytes',
      help: 'Limit of the engine of a host, where it has one',
      labelNames: ['host'],
      registers,
    }),
    hostSecondsToFull: new Gauge({
      name: 'foreshard_host_until_full_seconds',
      help: 'Seconds until edges stop appends to a host, while it grows as it does now',
      labelNames: ['host'],
      registers,
    }),
  };
}

/** What is older says nothing of now: who scales by it keeps what it has. */
const OUTLOOK_AGE_MS_MAX = 300_000;

async function shown(
  gauge: Gauge<'group'>,
  outlooks: Outlooks,
  valueIn: (outlook: Awaited<ReturnType<Outlooks>>[number]) => number | undefined,
): Promise<void> {
  const known = await outlooks().catch(() => []);
  gauge.reset();
  for (const outlook of known) {
    const value = valueIn(outlook);
    const isFresh = Date.now() - outlook.atMs <= OUTLOOK_AGE_MS_MAX;
    if (value !== undefined && isFresh) gauge.set({ group: outlook.group }, value);
  }
}
