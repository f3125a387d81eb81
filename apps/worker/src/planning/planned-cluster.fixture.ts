/** A cluster on real servers whose recorded load, policy and clock a test sets, and whose planner it ticks. */
import { openEventHost } from '@foreshard/core/adapters/event-hosts';
import { OWN_CLUSTER, type PlanAdviser, type PlanRow } from '@foreshard/core/advising';
import type { LockService } from '@foreshard/core/locking';
import { NO_FACTS, type Operator } from '@foreshard/core/moves';
import { type Policy, policySchema } from '@foreshard/core/planning';
import { HistoryWriter, HOUR_MS, MINUTE_MS } from '@foreshard/core/telemetry';
import { createMetrics } from '../process/metrics.ts';
import { HostAlarms } from '../reconcile/host-alarms.ts';
import { Reconciler } from '../reconcile/reconcile.ts';
import { Mover } from '../restructure/mover.ts';
import { RealCluster, silent } from '../testing/real-cluster.ts';
import { UNPROVEN } from '../testing/unproven.ts';
import { planning } from './index.ts';

/** so that no key stands out */
const KEYS = 50;
const RECORDED_MINUTES = 10;

export class PlannedCluster {
  readonly cluster: RealCluster;
  readonly stream: number;
  /** ms that the planner is ahead of the clock of this machine */
  private aheadMs = 0;

  static async start(
    postgresUrl: string,
    { hosts, shards }: { hosts: number; shards: number },
  ): Promise<PlannedCluster> {
    const cluster = await RealCluster.start(postgresUrl, hosts);
    const stream = await cluster.createStream({ name: 'main', shardCount: shards });
    const planned = new PlannedCluster(cluster, stream);
    await planned.restructure();
    return planned;
  }

  private constructor(cluster: RealCluster, stream: number) {
    this.cluster = cluster;
    this.stream = stream;
  }

  get nowMs(): () => number {
    return () => Date.now() + this.aheadMs;
  }

  pass(ms: number): void {
    this.aheadMs += ms;
  }

  adviser(actor = 'ann'): PlanAdviser {
    const { recommendations: log, plans, policies, topology, moves } = this.cluster.control;
    const wake = async () => {};
    const operator: Operator = { topology, moves, wake, nowMs: this.nowMs, actor };
    return { log, plans, policies, topology, wake, nowMs: this.nowMs, actor, operator };
  }

  /** The newest plan of which something waits or goes on. */
  async plan(): Promise<PlanRow | undefined> {
    const [newest] = await this.cluster.control.plans.list({ cluster: OWN_CLUSTER, ended: false, limit: 1 });
    return newest;
  }

  async setPolicy(change: object): Promise<Policy> {
    const { policies } = this.cluster.control;
    const policy = policySchema.parse({
      mode: 'ask',
      capacity: { events_per_second: 100 },
      shardlet: { cooldown: 0, host_share_max: 1, shardlet_size: 1e9 },
      scaling: { hosts_min: 3, hosts_max: 3 },
      ...change,
    });
    const [newest] = await policies.versions(1);
    const made = { policy, actor: 'ann', note: '', createdMs: this.nowMs(), effectiveMs: 0 };
    await policies.add({ from: newest?.version ?? 0, ...made });
    return policy;
  }

  /** One run of the planner, and of what carries out. */
  async tick(): Promise<void> {
    const parts = {
      ...{ ...this.cluster.control, follower: this.cluster.follower, log: silent, nowMs: this.nowMs },
      ...{ actor: 'worker', hostProvider: 'none' as const, hostWebhook: undefined },
    };
    const { plan, carryOut } = planning(parts).jobs;
    const { signal } = new AbortController();
    await plan({}, signal);
    await carryOut({}, signal);
  }

  /** What the other jobs of a worker do with what was decided. */
  async restructure(): Promise<void> {
    const { follower, control, pool } = this.cluster;
    const metrics = createMetrics();
    const shared = {
      ...{
        follower,
        metrics,
        topology: control.topology,
        moves: control.moves,
        log: silent,
        actor: 'worker',
      },
      doors: { trusted: (id: number) => pool.get(id), open: openEventHost, watch: () => undefined },
      ...UNPROVEN,
      lock: { during: <T>(_: string, work: () => Promise<T>) => work() } as LockService,
      difference: async () => undefined,
      drainFacts: async () => NO_FACTS,
      nowMs: () => Date.now(),
    };
    const never = new AbortController().signal;
    const alarms = new HostAlarms({ redis: control.redis, metrics, log: silent, nowMs: shared.nowMs });
    await new Reconciler({ ...shared, alarms }).run(never);
    const mover = new Mover(shared);
    await mover.run(never);
    await mover.stop();
    await follower.upToDate();
  }

  /** Time passes, and this is recorded as if it had come in during its last minutes. */
  async load(perSecond: (shardlet: number) => number, passedMs = 21 * MINUTE_MS): Promise<void> {
    this.aheadMs += passedMs - (this.nowMs() % MINUTE_MS);
    const endMs = Math.floor(this.nowMs() / MINUTE_MS) * MINUTE_MS;
    const leaves = [...this.cluster.map.leaves(this.stream)];
    const fromMs = endMs - 2 * HOUR_MS;
    const source = {
      stream: this.stream,
      source: `import:${endMs}`,
      leaves,
      minutesFromMs: fromMs,
      hoursFromMs: 0,
    };
    await this.cluster.control.telemetry.exclusively('import', async (tx) => {
      const writer = new HistoryWriter(source, tx);
      await writer.cover(endMs - RECORDED_MINUTES * MINUTE_MS, endMs);
      for (const { id, range } of leaves)
        for (let minute = 1; minute <= RECORDED_MINUTES; minute++)
          for (let key = 0; key < KEYS; key++) {
            const events = (perSecond(id) * 60) / KEYS;
            const keyHash = range.from.hi + key;
            const timeMs = endMs - minute * MINUTE_MS;
            await writer.access({
              timeMs,
              keyHash,
              key: `k${keyHash}`,
              events,
              reads: 0,
              bytes: 300 * events,
            });
          }
      await writer.finish();
    });
  }

  /** The host that has most shardlets of the stream: it takes more than it can while the others idle. */
  async overload(perShardlet: number): Promise<number> {
    const owners = [...this.cluster.map.leaves(this.stream)].map(({ owner }) => owner);
    const count = (host: number) => owners.filter((owner) => owner === host).length;
    const [busy] = this.cluster.map
      .hosts()
      .map(({ id }) => id)
      .sort((a, b) => count(b) - count(a) || a - b);
    await this.load((id) => (this.cluster.map.shardlet(id)!.owner === busy ? perShardlet : 1));
    return busy!;
  }
}
