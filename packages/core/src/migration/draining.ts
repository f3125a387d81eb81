/**
 * Which shardlets leave a draining host next, and where they go. Only a few are on their way at once: each
 * costs its hosts work, and a drain that is called off should have little left to finish. Where to: the
 * active host with the fewest shardlets, counting those on their way; load-aware placement is the planner's.
 */
import type { Host, Shardlet, TopologyMap } from '../topology/index.ts';
import { moveOf } from './move-task.ts';

export interface DrainMove {
  readonly shardlet: Shardlet;
  readonly dest: number;
  readonly reason: string;
}

export function nextDrainMoves(map: TopologyMap, concurrencyMax: number): DrainMove[] {
  const draining = new Map(
    map
      .hosts()
      .filter((h) => h.state === 'draining')
      .map((h) => [h.id, h]),
  );
  if (draining.size === 0) return [];
  const all = [...map.shardlets()];
  const free = concurrencyMax - all.filter((s) => moveOf(s) !== undefined).length;
  const held = countByHost(map, all);
  const moves: DrainMove[] = [];
  for (const shardlet of all.filter((s) => draining.has(s.owner) && isMovable(s)).sort(openFirst)) {
    if (moves.length >= free) break;
    const dest = emptiest(map.hosts(), held);
    if (dest === undefined) break;
    held.set(dest.id, (held.get(dest.id) ?? 0) + 1);
    const { name } = draining.get(shardlet.owner)!;
    moves.push({ shardlet, dest: dest.id, reason: `host ${name} is drained` });
  }
  return moves;
}

/** What a drain has left to move. */
export function leftToDrain(map: TopologyMap, host: number): number {
  let left = 0;
  for (const s of map.shardlets()) if (s.owner === host && s.state.kind !== 'gone') left++;
  return left;
}

function isMovable({ state: { kind } }: Shardlet): boolean {
  return kind === 'open' || kind === 'closed';
}

/** Appends first: they are what makes the host fuller. */
function openFirst(a: Shardlet, b: Shardlet): number {
  return Number(a.state.kind !== 'open') - Number(b.state.kind !== 'open') || a.id - b.id;
}

function countByHost(map: TopologyMap, shardlets: readonly Shardlet[]): Map<number, number> {
  const held = new Map(map.hosts().map((h) => [h.id, 0]));
  for (const s of shardlets) {
    if (s.state.kind === 'gone') continue;
    const host = moveOf(s)?.dest ?? s.owner;
    held.set(host, (held.get(host) ?? 0) + 1);
  }
  return held;
}

function emptiest(hosts: readonly Host[], held: ReadonlyMap<number, number>): Host | undefined {
  const active = hosts.filter((h) => h.state === 'active');
  return active.sort((a, b) => held.get(a.id)! - held.get(b.id)! || a.id - b.id)[0];
}
