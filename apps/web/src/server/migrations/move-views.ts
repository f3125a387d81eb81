/** A move as the console shows it: where it is on its way, how long it still takes, what can be done. */
import { type Move, secondsLeft } from '@foreshard/core/moves';
import type { TopologyMap } from '@foreshard/core/topology';

/** What people see of the phases of a move; `shadow`: edges write to both sides while the copy catches up. */
export const STEPS = ['prepare', 'backfill', 'shadow', 'verify', 'cutover', 'clean up'] as const;
export type StepName = (typeof STEPS)[number];

export interface MoveView extends Move {
  readonly sourceName: string;
  readonly destName: string;
  /** null: it has ended */
  readonly step: StepName | null;
  /** records that the copy lacks */
  readonly lag: number;
  /** null: nothing is known about how fast it goes */
  readonly secondsLeft: number | null;
  readonly can: readonly ('pause' | 'resume' | 'abort' | 'moveBack')[];
}

export function moveView(map: TopologyMap, move: Move): MoveView {
  const nameOf = (id: number) => map.host(id)?.name ?? `host ${id} (removed)`;
  return {
    ...move,
    sourceName: nameOf(move.source),
    destName: nameOf(move.dest),
    step: stepOf(map, move),
    lag: Math.max(0, move.sourceSeq - move.copiedSeq),
    secondsLeft: move.endedAtMs === null ? (secondsLeft(move) ?? null) : null,
    can: ordersFor(move),
  };
}

function stepOf(
  map: TopologyMap,
  { result, phase, sourceSeq, copiedSeq, shardlet, source }: Move,
): StepName | null {
  if (result === 'moved')
    return map.garbage().some((g) => g.shardlet === shardlet && g.host === source) ? 'clean up' : null;
  if (result !== null) return null;
  if (phase === 'copy') return copiedSeq > 0 && copiedSeq >= sourceSeq ? 'shadow' : 'backfill';
  if (phase === 'open' || phase === 'done') return 'cutover';
  return phase;
}

function ordersFor({ endedAtMs, order, result }: Move): MoveView['can'] {
  if (endedAtMs !== null) return result === 'moved' ? ['moveBack'] : [];
  if (order === 'abort') return [];
  return order === 'pause' ? ['resume', 'abort'] : ['pause', 'abort'];
}
