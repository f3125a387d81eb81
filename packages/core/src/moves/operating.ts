/**
 * What people can do: the plain functions behind the command line and the console's API. Each
 * answers a value also where it lost a race: whoever asked sees what the topology store has instead and decides anew.
 */
import type { Range } from '../keyspace/index.ts';
import { tooManyIdSets } from '../restructuring/index.ts';
import {
  type Decision,
  type DecisionReply,
  judge,
  loadFromMap,
  prepareMigration,
  type Refusal,
  restructure,
  type Shardlet,
  setHostState,
  type Topology,
  TopologyMap,
  type TopologyStore,
} from '../topology/index.ts';
import type { Move, MoveControls, MoveLog } from './move-log.ts';
import { moveOf } from './move-task.ts';

export interface Operator {
  readonly topology: Pick<TopologyStore, 'decide' | 'snapshot'>;
  readonly moves: MoveLog;
  /** wakes the job; a lost wake-up costs two seconds */
  readonly wake: (job: 'move' | 'reconcile') => Promise<void>;
  readonly nowMs: () => number;
  /** recorded with everything this person does */
  readonly actor: string;
}

export interface MoveRequest {
  readonly shardlets: readonly number[];
  readonly dest: number;
  readonly reason: string;
  /** from now on: not committed within it, a move is aborted */
  readonly windowMs?: number | undefined;
  readonly bytesPerSecondMax?: number | undefined;
}

export type Requested =
  | {
      readonly kind: 'move';
      readonly shardlet: number;
      readonly move: number;
      readonly source: number;
      readonly dest: number;
    }
  | { readonly kind: 'refused'; readonly shardlet: number; readonly refusal: Refusal };

/** Asks the topology store for each shardlet by itself: some may be refused while others move. */
export async function requestMoves(
  operator: Operator,
  request: MoveRequest,
  dryRun = false,
): Promise<Requested[]> {
  const topology = await operator.topology.snapshot();
  const answers: Requested[] = [];
  for (const id of request.shardlets)
    answers.push(await requestMove(operator, topology, id, request, dryRun));
  if (!dryRun && answers.some((a) => a.kind === 'move')) await quietly(operator.wake('move'));
  return answers;
}

async function requestMove(
  operator: Operator,
  topology: Topology,
  id: number,
  { dest, reason, windowMs, bytesPerSecondMax }: MoveRequest,
  dryRun: boolean,
): Promise<Requested> {
  const epoch = topology.shardlets.find((s) => s.id === id)?.epoch ?? 0;
  const decision = prepareMigration({ id, epoch, dest });
  const reply = await decideOrTry(operator, topology, decision, dryRun);
  if (reply.kind === 'refused') return { kind: 'refused', shardlet: id, refusal: reply.refusal };
  const move = moveOf(reply.result)!;
  if (!dryRun) {
    const kind = reply.result.state.kind === 'moving' ? 'open' : 'closed';
    const deadlineAtMs = windowMs === undefined ? undefined : operator.nowMs() + windowMs;
    await operator.moves.add([
      { move, kind, actor: operator.actor, reason, deadlineAtMs, bytesPerSecondMax },
    ]);
  }
  return { kind: 'move', shardlet: id, move: move.nextEpoch, source: move.source, dest };
}

export interface RestructureRequest {
  readonly parents: readonly number[];
  readonly children: readonly Range[];
}

/** Split, roll and merge in place. */
export async function requestRestructure(
  operator: Operator,
  { parents, children }: RestructureRequest,
  dryRun = false,
): Promise<DecisionReply<{ readonly children: readonly Shardlet[] }>> {
  const topology = await operator.topology.snapshot();
  const refusal = tooManyIdSets(new TopologyMap(topology), parents, operator.nowMs());
  if (refusal !== undefined) return { kind: 'refused', refusal };
  const epochs = new Map(topology.shardlets.map((s) => [s.id, s.epoch]));
  const at = parents.map((id) => ({ id, epoch: epochs.get(id) ?? 0 }));
  const reply = await decideOrTry(operator, topology, restructure({ parents: at, children }), dryRun);
  if (!dryRun && reply.kind === 'decided') await quietly(operator.wake('reconcile'));
  return reply;
}

export async function requestDrain(
  operator: Operator,
  host: number,
  state: 'draining' | 'active',
  dryRun = false,
): Promise<DecisionReply<unknown>> {
  const topology = await operator.topology.snapshot();
  const reply = await decideOrTry(operator, topology, setHostState(host, state), dryRun);
  if (!dryRun && reply.kind === 'decided') await quietly(operator.wake('move'));
  return reply;
}

export type OrderReply =
  | { readonly kind: 'ordered'; readonly move: Move }
  | { readonly kind: 'unknown' }
  /** it has ended, or an abort was ordered before: an abort stays one */
  | { readonly kind: 'tooLate'; readonly move: Move };

export async function orderMove(
  operator: Operator,
  id: number,
  order: Move['order'],
  reason: string,
): Promise<OrderReply> {
  const ordered = await operator.moves.order(id, order, reason, operator.actor);
  const move = await operator.moves.find(id);
  if (move === undefined) return { kind: 'unknown' };
  if (!ordered) return { kind: 'tooLate', move };
  await quietly(operator.wake('move'));
  return { kind: 'ordered', move };
}

export type MoveBackReply =
  | Requested
  | { readonly kind: 'unknown' }
  | { readonly kind: 'notMoved'; readonly move: Move };

/** After the commit there is no abort: the way back is a move to where it came from. */
export async function requestMoveBack(
  operator: Operator,
  id: number,
  reason: string,
  dryRun = false,
): Promise<MoveBackReply> {
  const move = await operator.moves.find(id);
  if (move === undefined) return { kind: 'unknown' };
  if (move.result !== 'moved') return { kind: 'notMoved', move };
  const request = { shardlets: [move.shardlet], dest: move.source, reason };
  return (await requestMoves(operator, request, dryRun))[0]!;
}

/** The kill switch: nothing copies until it is released; what waits for a cutover is finished, not broken off. */
export function pauseAllMoves(operator: Operator, paused: boolean, reason: string): Promise<MoveControls> {
  const controls = operator.moves.setControls({ paused, reason }, operator.actor);
  return controls.then(async (now) => {
    if (!paused) await quietly(operator.wake('move'));
    return now;
  });
}

/** Undefined while nothing is known about how fast it goes. */
export function secondsLeft({
  sourceSeq,
  copiedSeq,
  bytes,
  records,
  bytesPerSecond,
}: Move): number | undefined {
  if (bytesPerSecond <= 0 || records === 0) return undefined;
  return Math.max(0, sourceSeq - copiedSeq) * (bytes / records / bytesPerSecond);
}

async function decideOrTry<R>(
  { topology, actor, nowMs }: Operator,
  snapshot: Topology,
  decision: Decision<R>,
  dryRun: boolean,
): Promise<DecisionReply<R>> {
  return dryRun ? tryDecision(snapshot, decision, nowMs()) : topology.decide(decision, actor);
}

/**
 * What the topology store would answer now; nothing is changed, and ids of what would be made are not the real ones.
 */
export function tryDecision<R>(topology: Topology, decision: Decision<R>, nowMs: number): DecisionReply<R> {
  const map = new TopologyMap(topology);
  const next = {
    shardlet: highest(topology.shardlets) + 1,
    stream: highest(topology.streams) + 1,
    host: highest(topology.hosts) + 1,
  };
  const judgement = judge(decision, loadFromMap(map, decision.needs, nowMs, next), 'dry run');
  if (judgement.kind === 'refuse') return { kind: 'refused', refusal: judgement.refusal };
  return { kind: 'decided', version: map.version + 1, result: judgement.result };
}

function highest(items: readonly { readonly id: number }[]): number {
  return items.reduce((max, { id }) => Math.max(max, id), 0);
}

/** The schedule finds the work two seconds later all the same. */
async function quietly(wake: Promise<void>): Promise<void> {
  await wake.catch(() => {});
}
