/**
 * npm run bench -- plan: how long the planner takes for a cluster of a million shardlets on ten thousand hosts, with
 * seven resources, constraints and decision records, and for a re-plan after a thousand changes. The yardstick is one
 * pass over the same load in columns that only adds up the load of the hosts: what no planner can do without.
 */

import { seededRandom } from '@foreshard/core/kernel';
import {
  type ClusterColumns,
  DEFAULT_POLICY,
  Planner,
  type Policy,
  policySchema,
  RESOURCES,
  roomFor,
  shardletColumns,
  withRoom,
} from '@foreshard/core/planning';
import type { BenchOptions, BenchResult } from './bench.ts';
import { spread } from './measure/interleave.ts';

const SHARDLETS = 1_000_000;
const HOSTS = 10_000;
const ZONES = 3;
/** leaves about every tenth host hot */
const CAPACITY = 5_200;
const CHANGES = 1_000;
const NOW_MS = Date.UTC(2026, 0, 1);
const WIDTH = RESOURCES.length;
const POLICY: Policy = policySchema.parse({
  ...DEFAULT_POLICY,
  host: { zone_share_max: 0.5, moves_max: 8 },
  shardlet: { max_shards: 2_000_000 },
});

export async function run({ rounds }: BenchOptions): Promise<BenchResult> {
  const input = cluster();
  const times = {
    planCpu: [] as number[],
    plan: [] as number[],
    build: [] as number[],
    pass: [] as number[],
    replan: [] as number[],
  };
  let mode = {};
  for (let round = -1; round < rounds; round++) {
    const pass = timed(() => sumOnly(input));
    const own = withRoom(input, roomFor(input, POLICY));
    let planner: Planner | undefined;
    const build = timed(() => (planner = new Planner(own, POLICY)));
    let result: ReturnType<Planner['plan']> | undefined;
    const cpu = process.cpuUsage();
    const plan = timed(() => (result = planner!.plan(NOW_MS)));
    const { user, system } = process.cpuUsage(cpu);
    planner!.settled();
    planner!.plan(NOW_MS + 1);
    planner!.settled();
    const replan = timed(() => change(planner!, input));
    mode = {
      shardlets: SHARDLETS,
      hosts: HOSTS,
      resources: WIDTH,
      ...countOf(result!),
      memoryMB: Math.round(process.memoryUsage().rss / 1e6),
    };
    if (round < 0) continue;
    times.pass.push(pass);
    times.build.push(build);
    times.plan.push(plan);
    times.planCpu.push((user + system) / 1_000);
    times.replan.push(replan);
  }
  return {
    mode: {
      ...mode,
      indexMs: median(times.build),
      planMs: median(times.plan),
      planCpuMs: median(times.planCpu),
      replanMs: median(times.replan),
    },
    ratios: {
      'plan / one pass that adds up the load': spread(times.plan.map((ms, i) => ms / times.pass[i]!)),
      'index and plan, seconds': spread(times.plan.map((ms, i) => (ms + times.build[i]!) / 1_000)),
      're-plan after 1,000 changes, ms': spread(times.replan),
    },
    marks: {
      'index and plan, seconds': 'passes 1, goal 0.3',
      're-plan after 1,000 changes, ms': 'goal 20',
    },
  };
}

function timed(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  return Math.round(10 * [...values].sort((a, b) => a - b)[values.length >> 1]!) / 10;
}

/** Skewed loads as many tenants have them, one shardlet in a hundred pinned to a label, groups spread over zones. */
function cluster(): ClusterColumns {
  const random = seededRandom(7);
  const shardlets = shardletColumns(SHARDLETS, WIDTH);
  for (let s = 0; s < SHARDLETS; s++) {
    shardlets.ids.push(String(s));
    shardlets.owner[s] = Math.floor(random.next() * HOSTS);
    const rate = 20 / (0.2 + random.next() * 2) ** 1.5;
    for (let c = 0; c < WIDTH; c++) shardlets.demand[s * WIDTH + c] = rate * (0.5 + random.next());
    shardlets.bytes[s] = 1e6 * random.next();
    shardlets.doubt[s] = 0.2;
    shardlets.group[s] = s >> 6;
    if (s % 100 === 0) shardlets.pin[s] = 0;
    if (s % 50 === 0) shardlets.flags[s] = 1;
    if (s % 64 !== 63) shardlets.right[s] = s + 1;
  }
  const pinned = Int32Array.from({ length: HOSTS / 200 }, (_, i) => i * 200);
  return {
    columns: RESOURCES.map((resource) => ({ resource, aheadMinutes: 60 })),
    hosts: {
      ids: Array.from({ length: HOSTS }, (_, h) => `host-${h}`),
      zones: Array.from({ length: ZONES }, (_, z) => `zone-${z}`),
      zone: Int32Array.from({ length: HOSTS }, (_, h) => h % ZONES),
      status: Uint8Array.from({ length: HOSTS }, (_, h) => (h % 1_000 === 999 ? 1 : 0)),
      capacity: new Float64Array(HOSTS * WIDTH).fill(CAPACITY),
      health: Float64Array.from({ length: HOSTS }, (_, h) => (h % 97 === 0 ? 30 : 90)),
      moves: new Int32Array(HOSTS),
    },
    shardlets,
    shardletCount: SHARDLETS,
    pins: [pinned],
    areas: [],
    hostsChangedAtMs: 0,
    topologyVersion: 1,
  };
}

function sumOnly({ shardlets, hosts }: ClusterColumns): Float64Array {
  const load = new Float64Array(hosts.ids.length * WIDTH);
  for (let s = 0; s < SHARDLETS; s++)
    for (let c = 0; c < WIDTH; c++)
      load[shardlets.owner[s]! * WIDTH + c]! += shardlets.demand[s * WIDTH + c]!;
  return load;
}

/** A thousand shardlets, spread over the cluster, that became up to three times as hot. */
function change(planner: Planner, input: ClusterColumns) {
  const random = seededRandom(11);
  const changed: number[] = [];
  for (let i = 0; i < CHANGES; i++) {
    const shardlet = Math.floor(random.next() * SHARDLETS);
    const factor = 1 + 2 * random.next();
    const row = input.shardlets.demand.subarray(shardlet * WIDTH, (shardlet + 1) * WIDTH);
    planner.observe(
      shardlet,
      row.map((value) => value * factor),
    );
    changed.push(shardlet);
  }
  return planner.replan(NOW_MS + 3_600_000, changed);
}

function countOf(result: ReturnType<Planner['plan']>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const action of result.actions) counts[action.kind] = (counts[action.kind] ?? 0) + 1;
  return { ...counts, hotBefore: result.before.hotHosts, hotAfter: result.after.hotHosts };
}
