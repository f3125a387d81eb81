/**
 * Which shardlets leave a draining host next, and where they go. Only a few are on their way at once: each
 * costs its hosts work, and a drain that is called off should have little left to finish. Where to: the
 * active host with the least load of those that have room, counting what is on its way; of equal ones that
 * with the fewest shardlets. A host that has no room takes nothing: the drain waits. A host that is away gives
 * and takes nothing, and moves that wait for one take no place of those that can get on.
 */
import { type Host, type Shardlet, type Topology, TopologyMap } from '../topology/index.ts';
import { moveOf } from './move-task.ts';

export interface DrainMove {
  readonly shardlet: Shardlet;
  readonly dest: number;
  readonly reason: string;
}

/** What is known of the load; nothing of it has to be. */
export interface DrainFacts {
  /** used share of the memory of each host that has a limit */
  readonly fills: ReadonlyMap<number, number>;
  /** events a second, or any other measure, the same for all shardlets */
  readonly loads: ReadonlyMap<number, number>;
  /** hosts that are unreachable, or not to be used until a person has looked at them, and why */
  readonly away: ReadonlyMap<number, string>;
}

export const NO_FACTS: DrainFacts = { fills: new Map(), loads: new Map(), away: new Map() };

/** Above it a host takes nothing: appends stop at 90 %, and what comes is not small. */
const FILL_MAX = 0.75;

export function nextDrainMoves(
  map: TopologyMap,
  concurrencyMax: number,
  facts: DrainFacts = NO_FACTS,
): DrainMove[] {
  const draining = new Map(
    map
      .hosts()
      .filter((h) => h.state === 'draining')
      .map((h) => [h.id, h]),
  );
  if (draining.size === 0) return [];
  const all = [...map.shardlets()];
  const isAway = (host: number) => facts.away.has(host) || map.host(host)?.state === 'readmitting';
  const free = concurrencyMax - all.filter((s) => getsOn(s, isAway)).length;
  const held = countByHost(map, all, () => 1);
  const load = countByHost(map, all, (s) => facts.loads.get(s.id) ?? 0);
  const roomy = map
    .hosts()
    .filter((h) => h.state === 'active' && !isAway(h.id) && (facts.fills.get(h.id) ?? 0) < FILL_MAX);
  const leaves = (s: Shardlet) => draining.has(s.owner) && !isAway(s.owner) && isMovable(s);
  const moves: DrainMove[] = [];
  for (const shardlet of all.filter(leaves).sort(openFirst)) {
    if (moves.length >= free) break;
    const dest = idlest(roomy, load, held);
    if (dest === undefined) break;
    held.set(dest.id, held.get(dest.id)! + 1);
    load.set(dest.id, load.get(dest.id)! + (facts.loads.get(shardlet.id) ?? 0));
    const { name } = draining.get(shardlet.owner)!;
    moves.push({ shardlet, dest: dest.id, reason: `host ${name} is drained` });
  }
  return moves;
}

/** A preview names what leaves first; moves that are under way must not take all its places. */
const PREVIEWED_MAX = 10_000;

export interface DrainPreview {
  /** shardlets on it */
  readonly left: number;
  readonly moves: readonly DrainMove[];
  /** shardlets that would stay for now, by the reason */
  readonly waiting: readonly { readonly why: string; readonly shardlets: readonly Shardlet[] }[];
}

/** What would leave a host if it were drained now, and where to; the rest follows in the same way. */
export function drainPreview(topology: Topology, host: number, facts: DrainFacts = NO_FACTS): DrainPreview {
  const hosts = topology.hosts.map((h) =>
    h.id === host && h.state === 'active' ? { ...h, state: 'draining' as const } : h,
  );
  const map = new TopologyMap({ ...topology, hosts });
  const moves = nextDrainMoves(map, PREVIEWED_MAX, facts).filter((m) => m.shardlet.owner === host);
  return { left: leftToDrain(map, host), moves, waiting: waitingOn(map, host, moves, facts) };
}

function waitingOn(
  map: TopologyMap,
  host: number,
  moves: readonly DrainMove[],
  facts: DrainFacts,
): DrainPreview['waiting'] {
  const leaving = new Set(moves.map((m) => m.shardlet.id));
  const staying = [...map.shardlets()].filter((s) => s.owner === host && !leaving.has(s.id));
  const movable = staying.filter(isMovable);
  const changing = staying.filter((s) => !isMovable(s) && s.state.kind !== 'gone' && moveOf(s) === undefined);
  return [
    { why: whyUnplaced(map, host, facts), shardlets: movable },
    { why: 'being split, rolled, merged or opened: it follows afterwards', shardlets: changing },
  ].filter(({ shardlets }) => shardlets.length > 0);
}

/** REQUIRES that a movable shardlet of the host has found no place. */
function whyUnplaced(map: TopologyMap, host: number, facts: DrainFacts): string {
  const source = map.host(host);
  const away = source === undefined ? undefined : whyAway(source, facts);
  if (source !== undefined && away !== undefined) return `host ${source.name} is ${away}`;
  const others = map.hosts().filter((h) => h.id !== host);
  if (others.length === 0) return 'there is no other host';
  const reasons = others.map((h) => `${h.name} ${whyNoPlace(h, facts)}`);
  return `no host can take it: ${reasons.join('; ')}`;
}

function whyNoPlace(host: Host, facts: DrainFacts): string {
  if (host.state === 'draining') return 'is being drained';
  const away = whyAway(host, facts);
  if (away !== undefined) return `is ${away}`;
  const fill = Math.round((facts.fills.get(host.id) ?? 0) * 100);
  return fill < FILL_MAX * 100
    ? `takes no more than ${PREVIEWED_MAX} moves at once`
    : `is ${fill} % full (limit ${FILL_MAX * 100} %)`;
}

function whyAway({ id, state }: Host, { away }: DrainFacts): string | undefined {
  return away.get(id) ?? (state === 'readmitting' ? 'being readmitted' : undefined);
}

/** What a drain has left to move. */
export function leftToDrain(map: TopologyMap, host: number): number {
  let left = 0;
  for (const s of map.shardlets()) if (s.owner === host && s.state.kind !== 'gone') left++;
  return left;
}

/** Is under way, with both of its hosts there. */
function getsOn(shardlet: Shardlet, isAway: (host: number) => boolean): boolean {
  const move = moveOf(shardlet);
  return move !== undefined && !isAway(move.source) && !isAway(move.dest);
}

function isMovable({ state: { kind } }: Shardlet): boolean {
  return kind === 'open' || kind === 'closed';
}

/** Appends first: they are what makes the host fuller. */
function openFirst(a: Shardlet, b: Shardlet): number {
  return Number(a.state.kind !== 'open') - Number(b.state.kind !== 'open') || a.id - b.id;
}

function countByHost(
  map: TopologyMap,
  shardlets: readonly Shardlet[],
  weigh: (shardlet: Shardlet) => number,
): Map<number, number> {
  const sums = new Map(map.hosts().map((h) => [h.id, 0]));
  for (const s of shardlets) {
    if (s.state.kind === 'gone') continue;
    const host = moveOf(s)?.dest ?? s.owner;
    sums.set(host, (sums.get(host) ?? 0) + weigh(s));
  }
  return sums;
}

function idlest(
  hosts: readonly Host[],
  load: ReadonlyMap<number, number>,
  held: ReadonlyMap<number, number>,
): Host | undefined {
  const order = (a: Host, b: Host) =>
    load.get(a.id)! - load.get(b.id)! || held.get(a.id)! - held.get(b.id)! || a.id - b.id;
  return hosts.toSorted(order)[0];
}
