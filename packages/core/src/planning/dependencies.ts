/**
 * Which earlier steps of a plan a step needs, so that people may approve some without the others. A step needs an
 * earlier one that reshapes or moves the same shardlet, the split that makes its shardlet, and, where its destination
 * has room only because something leaves it, what leaves it.
 */
import type { Action, MoveAction } from './action.ts';
import { NONE } from './columns.ts';
import type { Plan } from './plan.ts';
import type { Policy } from './policy.ts';

/** By place in `plan.actions`, as steps from 1, ascending. */
export function dependenciesOf({ actions, cluster }: Plan, policy: Policy): readonly (readonly number[])[] {
  const room = new Room(actions, cluster);
  const touchedBy = new Map<number, number>();
  const leaving = new Map<number, number[]>();
  return actions.map((action, at) => {
    const needed = new Set<number>();
    for (const shardlet of touchedOf(action)) {
      const earlier = touchedBy.get(shardlet);
      if (earlier !== undefined) needed.add(earlier);
      touchedBy.set(shardlet, at + 1);
    }
    if (action.kind === 'move') {
      const isFullWithout = room.entered(action) > policy.host.capacity_limit;
      if (isFullWithout) for (const step of leaving.get(action.to) ?? []) needed.add(step);
      leaving.set(action.from, [...(leaving.get(action.from) ?? []), at + 1]);
    }
    return [...needed].sort((a, b) => a - b);
  });
}

/** Children of a split count as touched by it, so that what is done with them needs it. */
function touchedOf(action: Action): readonly number[] {
  switch (action.kind) {
    case 'split':
    case 'split-below-key':
      return [action.shardlet, ...action.children];
    case 'move':
    case 'roll':
      return [action.shardlet];
    case 'merge':
      return [action.left, action.right];
    case 'add-hosts':
    case 'remove-host':
      return [];
  }
}

/** The load of destinations if nothing had left them. */
class Room {
  private readonly cluster: Plan['cluster'];
  private readonly loads = new Map<number, Float64Array>();

  /** From the cluster as it is planned back to how it was: splits and merges leave the load of a host as it is. */
  constructor(actions: readonly Action[], cluster: Plan['cluster']) {
    this.cluster = cluster;
    const moves = actions.filter((one): one is MoveAction => one.kind === 'move');
    for (const { to } of moves)
      this.loads.set(to, cluster.load.slice(to * cluster.width, (to + 1) * cluster.width));
    for (const { shardlet, from, to } of moves) {
      this.add(to, shardlet, -1);
      if (from !== NONE && this.loads.has(from)) this.add(from, shardlet, 1);
    }
  }

  /** Its pressure with the shardlet and all that came before. */
  entered({ shardlet, to }: MoveAction): number {
    this.add(to, shardlet, 1);
    const { width, inverse } = this.cluster;
    return Math.max(...this.loads.get(to)!.map((load, column) => load * inverse[to * width + column]!));
  }

  private add(host: number, shardlet: number, sign: 1 | -1): void {
    const { width, input } = this.cluster;
    const loads = this.loads.get(host)!;
    for (let column = 0; column < width; column++)
      loads[column]! += sign * input.shardlets.demand[shardlet * width + column]!;
  }
}
