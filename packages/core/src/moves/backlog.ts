/**
 * What the topology store has decided and a host has not confirmed yet: the work that is left, found from the
 * topology store alone, never guessed from what a host holds. Jobs and recovery after a crash are the same code for
 * that reason.
 */
import { type DedupPolicy, dedupOf, type ParentRef } from '../hosts/index.ts';
import { invariant } from '../kernel/index.ts';
import type { Machine } from '../machines/index.ts';
import { type Family, type Opening, openingMachines, restructuringMachine } from '../restructuring/index.ts';
import type { Shardlet, TopologyMap } from '../topology/index.ts';
import { moveOf, moveTask } from './move-task.ts';
import { movingMachine } from './moving.ts';

/** The machines that finish everything `host` has to confirm, in the order of shardlet ids. */
export function finishingMachines(map: TopologyMap, host: number): Machine[] {
  const mine = [...map.shardlets()].filter((s) => s.owner === host).sort((a, b) => a.id - b.id);
  return [
    ...familiesIn(map, mine).map((f) => restructuringMachine(f, dedupIn(map, f.children[0]!))),
    ...openingMachines(mine.filter(opensAlone).map((s) => openingOf(map, s))),
  ];
}

/**
 * What the topology store has as `moving` or `closedMoving`: the copies that are still to be made, in the order of
 * their epochs.
 */
export function movingShardlets(map: TopologyMap): Shardlet[] {
  return [...map.shardlets()]
    .filter((s) => moveOf(s) !== undefined)
    .sort((a, b) => moveOf(a)!.nextEpoch - moveOf(b)!.nextEpoch);
}

/** REQUIRES a shardlet that is `moving` or `closedMoving`. */
export function moveMachine(map: TopologyMap, shardlet: Shardlet): Machine {
  return movingMachine(moveTask(shardlet, dedupIn(map, shardlet)));
}

export function dedupIn(map: TopologyMap, shardlet: Shardlet): DedupPolicy {
  const stream = map.stream(shardlet.stream);
  invariant(stream !== undefined, `shardlet ${shardlet.id} belongs to no stream`);
  return dedupOf(stream);
}

export function openingOf(map: TopologyMap, shardlet: Shardlet): Opening {
  return { shardlet, dedup: dedupIn(map, shardlet), parents: closedParentsBeside(map, shardlet) };
}

/** Those that the owner of the shardlet keeps sealed. */
function closedParentsBeside(map: TopologyMap, { parents, owner }: Shardlet): ParentRef[] {
  return parents.flatMap((id) => {
    const parent = map.shardlet(id);
    const isBeside = parent?.owner === owner && parent.state.kind === 'closed';
    return isBeside ? [{ shardlet: id, epoch: parent.epoch }] : [];
  });
}

function opensAlone({ state }: Shardlet): boolean {
  if (state.kind !== 'opening') return false;
  return state.job.kind !== 'create' || state.job.parents.length === 0;
}

/** Closing shardlets with their children, each family once. */
function familiesIn(map: TopologyMap, shardlets: readonly Shardlet[]): Family[] {
  const seen = new Set<number>();
  const families: Family[] = [];
  for (const shardlet of shardlets) {
    if (shardlet.state.kind !== 'closing' || seen.has(shardlet.id)) continue;
    const family = familyOf(map, shardlet);
    for (const parent of family.parents) seen.add(parent.id);
    families.push(family);
  }
  return families;
}

/** Follows parents to children and back until nobody is missing. */
function familyOf(map: TopologyMap, start: Shardlet): Family {
  const parents = new Map<number, Shardlet>();
  const children = new Map<number, Shardlet>();
  const waiting = [start];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (parents.has(next.id)) continue;
    parents.set(next.id, next);
    for (const child of successors(map, next)) {
      children.set(child.id, child);
      waiting.push(...child.parents.map((id) => existing(map, id)));
    }
  }
  return { parents: byId(parents), children: byId(children) };
}

function successors(map: TopologyMap, { state }: Shardlet): Shardlet[] {
  return state.kind === 'closing' ? state.successors.map((id) => existing(map, id)) : [];
}

function existing(map: TopologyMap, id: number): Shardlet {
  const shardlet = map.shardlet(id);
  invariant(
    shardlet !== undefined,
    `the lineage names shardlet ${id}, which the topology store does not know`,
  );
  return shardlet;
}

function byId(shardlets: ReadonlyMap<number, Shardlet>): Shardlet[] {
  return [...shardlets.values()].sort((a, b) => a.id - b.id);
}
