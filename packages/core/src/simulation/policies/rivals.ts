/**
 * How others balance by load, as their documentation and source tell, with absolute thresholds taken as parts of a
 * host, since theirs are made for machines of another size. All of them move data at the same cost as ours, and repair
 * what a dead host leaves in the same way.
 */
import { coolest, hostSums, type PolicyPlayer, recentLoads, repairs } from './policy-player.ts';
import type { Order, World } from './world.ts';

export interface RivalChoice {
  /** how far above the mean a host may stand */
  readonly tolerance: number;
  readonly everyMinutes: number;
  /** a shardlet above this part of a host is split; Infinity: never */
  readonly splitAbove: number;
  /** moves at a time; TiKV PD */
  readonly operators: number;
  /** of a host: a smaller distance from the mean is nothing; CockroachDB, whose 100 queries a second this stands for */
  readonly floor: number;
  /** rest of a shardlet after a move; Pulsar */
  readonly graceMinutes: number;
}

/** The settings they ship with. */
export const AS_SHIPPED = {
  cockroachdb: {
    tolerance: 0.1,
    everyMinutes: 1,
    splitAbove: 0.1,
    operators: 1_000,
    graceMinutes: 0,
    floor: 0.02,
  },
  'tikv-pd': { tolerance: 0.05, everyMinutes: 1, splitAbove: 0.1, operators: 4, graceMinutes: 0, floor: 0 },
  pulsar: { tolerance: 0.1, everyMinutes: 1, splitAbove: 0.1, operators: 1_000, graceMinutes: 30, floor: 0 },
} as const satisfies Record<string, RivalChoice>;

/** Hash: nothing is moved for load, only what lay on a host that died. */
export const STATIC: PolicyPlayer = {
  name: 'static',
  decide(world) {
    if (world.fleet.with('dead').length === 0) return [];
    // every shardlet counts the same, as it does for a hash
    const ones = new Float64Array(world.pieces.length).fill(1);
    return repairs(world, ones, hostSums(world, ones));
  },
};

/** kv.allocator: once a minute, stores 10 % above the mean give away their hottest range; ranges split by load. */
export function cockroach(choice: RivalChoice = AS_SHIPPED.cockroachdb): PolicyPlayer {
  return rival('cockroachdb', choice, ({ world, loads, hosts, mean, active }) => {
    const orders: Order[] = [];
    const most = mean + Math.max(mean * choice.tolerance, choice.floor * world.model.capacity);
    for (const host of descending(active, hosts)) {
      if (hosts[host]! <= most) break;
      const target = coolest(active, hosts)!;
      const hottest = owned(world, host, loads).find(
        ({ id }) => hosts[target]! + loads[id]! < Math.min(most, hosts[host]!),
      );
      if (hottest === undefined) continue;
      orders.push({ kind: 'move', piece: hottest.id, to: target });
      hosts[host]! -= loads[hottest.id]!;
      hosts[target]! += loads[hottest.id]!;
    }
    return orders;
  });
}

/** Hot-region scheduler: five-minute statistics, at most four operators, tolerance 5 % on both sides. */
export function tikvPd(choice: RivalChoice = AS_SHIPPED['tikv-pd']): PolicyPlayer {
  return rival('tikv-pd', choice, ({ world, loads, hosts, mean, active }) => {
    const orders: Order[] = [];
    for (const host of descending(active, hosts)) {
      if (world.copies.length + orders.length >= choice.operators) break;
      const target = coolest(active, hosts)!;
      if (hosts[host]! <= mean * (1 + choice.tolerance) || hosts[target]! >= mean / (1 + choice.tolerance))
        break;
      // the largest that leaves source above destination: else it would only change places
      const best = owned(world, host, loads).find(
        ({ id }) => hosts[host]! - loads[id]! >= hosts[target]! + loads[id]!,
      );
      if (best === undefined) continue;
      orders.push({ kind: 'move', piece: best.id, to: target });
      hosts[host]! -= loads[best.id]!;
      hosts[target]! += loads[best.id]!;
    }
    return orders;
  });
}

/** ThresholdShedder: usage smoothed by nine tenths; above the mean + 10 points it sheds down to it, half an hour's grace. */
export function pulsar(choice: RivalChoice = AS_SHIPPED.pulsar): PolicyPlayer {
  const HISTORY = 0.9;
  let usage: Float64Array | undefined;
  return rival('pulsar', choice, ({ world, loads, hosts, active, minute }) => {
    const { capacity } = world.model;
    usage = hosts.map(
      (load, host) => HISTORY * (usage?.[host] ?? load / capacity) + (1 - HISTORY) * (load / capacity),
    );
    const own = usage;
    const mean = active.reduce((sum, host) => sum + own[host]!, 0) / active.length;
    const orders: Order[] = [];
    for (const host of descending(active, usage)) {
      if (usage[host]! <= mean + choice.tolerance) break;
      let shed = (usage[host]! - mean - choice.tolerance + 0.05) * capacity;
      for (const { id, movedAt } of owned(world, host, loads)) {
        if (shed <= 0) break;
        if (minute - movedAt < choice.graceMinutes || loads[id]! > shed) continue;
        const target = coolest(active, hosts)!;
        orders.push({ kind: 'move', piece: id, to: target });
        shed -= loads[id]!;
        hosts[host]! -= loads[id]!;
        hosts[target]! += loads[id]!;
      }
    }
    return orders;
  });
}

interface Scene {
  readonly world: World;
  readonly loads: Float64Array;
  readonly hosts: Float64Array;
  readonly active: readonly number[];
  readonly mean: number;
  readonly minute: number;
}

function rival(name: string, choice: RivalChoice, balance: (scene: Scene) => Order[]): PolicyPlayer {
  return {
    name,
    decide(world, minute) {
      const loads = recentLoads(world);
      const hosts = hostSums(world, loads);
      const repaired = repairs(world, loads, hosts);
      if (repaired.length > 0) return repaired;
      if (minute % choice.everyMinutes !== 0) return [];
      const { active } = world.fleet;
      const mean = active.reduce((sum, host) => sum + hosts[host]!, 0) / active.length;
      return [
        ...splits(world, loads, choice.splitAbove),
        ...balance({ world, loads, hosts, active, mean, minute }),
      ];
    },
  };
}

function splits({ pieces, model }: World, loads: Float64Array, above: number): Order[] {
  return pieces
    .filter(({ id, keys }) => keys.length > 1 && loads[id]! > above * model.capacity)
    .map(({ id }) => ({ kind: 'split', piece: id, parts: 2 }));
}

function owned({ pieces }: World, host: number, loads: Float64Array) {
  return pieces
    .filter((piece) => piece.host === host && loads[piece.id]! > 0)
    .sort((a, b) => loads[b.id]! - loads[a.id]! || a.id - b.id);
}

function descending(among: readonly number[], values: Float64Array): number[] {
  return [...among].sort((a, b) => values[b]! - values[a]! || a - b);
}
