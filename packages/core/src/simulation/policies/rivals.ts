/**
 * How others balance by load, as their documentation and source tell, with absolute thresholds taken as parts of a
 * host, since theirs are made for machines of another size. All of them move data at the same cost as ours.
 */
import { hostSums, type PolicyPlayer, recentLoads } from './policy-player.ts';
import type { Order, World } from './world.ts';

export interface RivalChoice {
  /** how far above the mean a host may stand */
  readonly tolerance: number;
  readonly everyMinutes: number;
  /** a shardlet above this part of a host is split; Infinity: never */
  readonly splitAbove: number;
}

export const STATIC: PolicyPlayer = { name: 'static', decide: () => [] };

/** kv.allocator: once a minute, stores 10 % above the mean give away their hottest range; ranges split by load. */
export function cockroach(
  choice: RivalChoice = { tolerance: 0.1, everyMinutes: 1, splitAbove: 0.1 },
): PolicyPlayer {
  return rival('cockroachdb', choice, (world, loads, hosts, mean) => {
    const orders: Order[] = [];
    for (const host of descending(hosts)) {
      if (hosts[host]! <= mean * (1 + choice.tolerance)) break;
      const target = coolest(hosts);
      const hottest = owned(world, host, loads).find(
        ({ id }) => hosts[target]! + loads[id]! < Math.min(mean * (1 + choice.tolerance), hosts[host]!),
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
export function tikvPd(
  choice: RivalChoice = { tolerance: 0.05, everyMinutes: 1, splitAbove: 0.1 },
): PolicyPlayer {
  const OPERATORS = 4;
  return rival('tikv-pd', choice, (world, loads, hosts, mean) => {
    const orders: Order[] = [];
    for (const host of descending(hosts)) {
      if (world.copies.length + orders.length >= OPERATORS) break;
      const target = coolest(hosts);
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
export function pulsar(
  choice: RivalChoice = { tolerance: 0.1, everyMinutes: 1, splitAbove: 0.1 },
): PolicyPlayer {
  const GRACE_MINUTES = 30;
  const HISTORY = 0.9;
  let usage: Float64Array | undefined;
  return rival('pulsar', choice, (world, loads, hosts, _, minute) => {
    const { capacity } = world.model;
    usage = hosts.map(
      (load, host) => HISTORY * (usage?.[host] ?? load / capacity) + (1 - HISTORY) * (load / capacity),
    );
    const mean = usage.reduce((sum, own) => sum + own, 0) / usage.length;
    const orders: Order[] = [];
    for (const host of descending(usage)) {
      if (usage[host]! <= mean + choice.tolerance) break;
      let shed = (usage[host]! - mean - choice.tolerance + 0.05) * capacity;
      for (const { id, movedAt } of owned(world, host, loads)) {
        if (shed <= 0) break;
        if (minute - movedAt < GRACE_MINUTES || loads[id]! > shed) continue;
        const target = coolest(hosts);
        orders.push({ kind: 'move', piece: id, to: target });
        shed -= loads[id]!;
        hosts[host]! -= loads[id]!;
        hosts[target]! += loads[id]!;
      }
    }
    return orders;
  });
}

type Balance = (
  world: World,
  loads: Float64Array,
  hosts: Float64Array,
  mean: number,
  minute: number,
) => Order[];

function rival(name: string, choice: RivalChoice, balance: Balance): PolicyPlayer {
  return {
    name,
    decide(world, minute) {
      if (minute % choice.everyMinutes !== 0) return [];
      const loads = recentLoads(world);
      const hosts = hostSums(world, loads);
      const mean = hosts.reduce((sum, load) => sum + load, 0) / hosts.length;
      return [...splits(world, loads, choice.splitAbove), ...balance(world, loads, hosts, mean, minute)];
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

function descending(values: Float64Array): number[] {
  return [...values.keys()].sort((a, b) => values[b]! - values[a]! || a - b);
}

function coolest(values: Float64Array): number {
  let best = 0;
  values.forEach((value, host) => {
    if (value < values[best]!) best = host;
  });
  return best;
}
