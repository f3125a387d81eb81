/**
 * What shardlets have from those they were made of. A split is minutes old before its children have load and forecasts
 * of their own; without those of their parents the hosts would look cooler for as long, and what is planned would be
 * withdrawn and come back.
 */
import { isLeaf, type Shardlet, type TopologyMap } from '../topology/index.ts';
import type { ForecastStep, Load, Observed } from './state-from-observations.ts';

/** Those of which shardlets that are younger than `sinceMs` were made, and theirs, as far as they are as young. */
export function youngParents(
  map: TopologyMap,
  reshapedAtMs: ReadonlyMap<number, number>,
  sinceMs: number,
): Set<number> {
  const parents = new Set<number>();
  const visit = ({ id, parents: own }: Shardlet) => {
    if ((reshapedAtMs.get(id) ?? 0) < sinceMs) return;
    for (const parent of own) {
      const known = map.shardlet(parent);
      if (known === undefined || parents.has(parent)) continue;
      parents.add(parent);
      visit(known);
    }
  };
  for (const one of map.shardlets()) if (isLeaf(one)) visit(one);
  return parents;
}

/**
 * Lays load and forecasts of `parents` to their children. The parts are equal, as the cut was to make them, and follow
 * what the children are seen to have the more they have. Who has a forecast of its own keeps it.
 */
export function withInheritance(observed: Observed, parents: ReadonlySet<number>): Observed {
  if (parents.size === 0) return observed;
  const children = childrenOf(observed.map, parents);
  const loads = new Map(observed.loads);
  const forecasts = new Map(observed.forecasts);
  // a parent has a lower number than its children, so what it inherited itself goes on
  for (const parent of [...parents].sort((a, b) => a - b)) {
    const heirs = children.get(parent) ?? [];
    const load = loads.get(parent) ?? NOTHING;
    const shares = sharesOf(load, heirs, observed.loads);
    for (const [i, heir] of heirs.entries()) {
      loads.set(heir, plus(loads.get(heir) ?? NOTHING, load, shares[i]!));
      const steps = forecasts.get(parent);
      if (steps !== undefined && !observed.forecasts.has(heir))
        forecasts.set(heir, stepsPlus(forecasts.get(heir), steps, shares[i]!));
    }
  }
  return { ...observed, loads, forecasts };
}

const NOTHING: Load = { eventsPerSecond: 0, bytesPerSecond: 0, readsPerSecond: 0 };

function childrenOf(map: TopologyMap, parents: ReadonlySet<number>): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const { id, parents: own } of map.shardlets())
    for (const parent of own)
      if (parents.has(parent)) children.set(parent, [...(children.get(parent) ?? []), id]);
  return children;
}

function sharesOf(
  { eventsPerSecond }: Load,
  heirs: readonly number[],
  own: ReadonlyMap<number, Load>,
): number[] {
  const weights = heirs.map((id) => (own.get(id)?.eventsPerSecond ?? 0) + eventsPerSecond / heirs.length);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => (sum > 0 ? weight / sum : 1 / heirs.length));
}

function plus(own: Load, more: Load, share: number): Load {
  return {
    eventsPerSecond: own.eventsPerSecond + share * more.eventsPerSecond,
    bytesPerSecond: own.bytesPerSecond + share * more.bytesPerSecond,
    readsPerSecond: own.readsPerSecond + share * more.readsPerSecond,
  };
}

/** Quantiles of parts are added: both are taken to be high at the same time. */
function stepsPlus(
  own: readonly ForecastStep[] | undefined,
  more: readonly ForecastStep[],
  share: number,
): ForecastStep[] {
  return more.map(({ aheadMinutes, quantiles }) => {
    const before = own?.find((step) => step.aheadMinutes === aheadMinutes)?.quantiles ?? {};
    const added = Object.entries(quantiles).map(([level, value]) => [
      level,
      (before[level] ?? 0) + share * value,
    ]);
    return { aheadMinutes, quantiles: Object.fromEntries(added) };
  });
}
