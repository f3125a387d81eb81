/**
 * P-Store (Taft et al., SIGMOD 2018), rebuilt from the paper: the total load is forecast by SPAR, the number of hosts
 * follows the forecast, and data is spread evenly over them. It assumes that load is even when data is, so it does
 * nothing about hot shardlets.
 */
import { type Fitted, sparDay, sparWeek } from '../../forecast-models/index.ts';
import { coolest, type PolicyPlayer, repairs } from './policy-player.ts';
import { totalOf, type Workload } from './workload.ts';
import type { Order, World } from './world.ts';

export interface PStoreChoice {
  /** of a host's capacity, that is planned for */
  readonly target: number;
  /** forecasts are taken so many times as high */
  readonly inflation: number;
}

/** The paper: 65 % of what a host takes at most, forecasts plus 15 %. */
export const PSTORE_SHIPPED: PStoreChoice = { target: 0.65, inflation: 1.15 };

/** steps ahead; a host that is ordered now is there in the first */
const STEPS = 6;
const REFIT_STEPS = 7 * 144;
/** a host is given back when it is not needed so many times in a row */
const CONFIRMATIONS = 3;

export function pStore(workload: Workload, choice = PSTORE_SHIPPED): PolicyPlayer {
  const forecast = sparOf(workload);
  let unneeded = 0;
  return {
    name: 'p-store',
    decide(world, minute) {
      const orders = evenOut(world);
      if (minute % workload.stepMinutes !== 0) return orders;
      const most = Math.max(...forecast(minute)) / workload.stepMinutes;
      const wanted = Math.max(
        1,
        Math.ceil((choice.inflation * most) / (choice.target * world.model.capacity)),
      );
      const there = world.fleet.active.length + world.fleet.with('starting').length;
      unneeded = wanted < there ? unneeded + 1 : 0;
      if (wanted > there) orders.push({ kind: 'add-hosts', count: wanted - there });
      // its moves are never concurrent: the next host goes when the last has gone
      else if (unneeded >= CONFIRMATIONS && world.fleet.with('draining').length === 0)
        orders.push({ kind: 'remove-host', host: world.fleet.active.at(-1)! });
      return orders;
    },
  };
}

function sparOf({ pastTotal, stepMinutes, ...workload }: Workload): (minute: number) => Float64Array {
  const values = new Float64Array(pastTotal.length + workload.minutes / stepMinutes);
  values.set(pastTotal);
  totalOf({ pastTotal, stepMinutes, ...workload }).forEach((events, minute) => {
    values[pastTotal.length + Math.floor(minute / stepMinutes)]! += events;
  });
  const day = 1_440 / stepMinutes;
  let fitted: Fitted | undefined;
  let fittedAt = 0;
  return (minute) => {
    const known = values.subarray(0, pastTotal.length + minute / stepMinutes);
    if (fitted === undefined || known.length - fittedAt >= REFIT_STEPS) {
      const series = { values: known, stepSeconds: 60 * stepMinutes, seasons: [day, 7 * day] };
      fittedAt = known.length;
      const model = [sparWeek, sparDay].find((one) => one.shortest(series, STEPS) <= known.length);
      fitted = model?.fit(series, STEPS);
    }
    // without enough past, the load of now
    return fitted?.forecast(known, STEPS).point ?? known.subarray(-1);
  };
}

/** As many shardlets on every host, by moves from who has most to who has least. */
function evenOut(world: World): Order[] {
  const ones = new Float64Array(world.pieces.length).fill(1);
  const counts = new Float64Array(world.model.hostsMax);
  for (const { host } of world.pieces) counts[host]!++;
  for (const { from, to } of world.copies) {
    counts[from]!--;
    counts[to]!++;
  }
  const orders = repairs(world, ones, counts);
  if (orders.length > 0) return orders;
  const { active } = world.fleet;
  const ordered = new Set<number>();
  for (let left = active.length; left > 0; left--) {
    const most = active.reduce((a, b) => (counts[b]! > counts[a]! ? b : a));
    const least = coolest(active, counts)!;
    if (counts[most]! - counts[least]! < 2) break;
    const piece = world.pieces.find(
      ({ id, host }) => host === most && !world.isMoving(id) && !ordered.has(id),
    );
    if (piece === undefined) break;
    ordered.add(piece.id);
    orders.push({ kind: 'move', piece: piece.id, to: least });
    counts[most]!--;
    counts[least]!++;
  }
  return orders;
}
