/**
 * Whose turn it is. A move that did not get on goes to the end of the line, so the few places at once are
 * never all held by moves that cannot end. One that needs a host that is away does not stand in line at all.
 */

import type { MoveRef } from '@foreshard/core/machines';
import { type Move, moveOf } from '@foreshard/core/moves';
import type { Shardlet } from '@foreshard/core/topology';

/** `failures`: move -> the count at which it failed last, rising. Those that never failed come first, in their order. */
export function inTurn(moving: readonly Shardlet[], failures: ReadonlyMap<number, number>): Shardlet[] {
  const turn = (shardlet: Shardlet) => failures.get(moveOf(shardlet)!.nextEpoch) ?? 0;
  return moving.toSorted((a, b) => turn(a) - turn(b));
}

/**
 * The host that a move has to wait for; undefined when it can begin. Giving a move up needs no host, T takes
 * it back. Once edges may be waiting, a destination that is away is a reason to begin: its move is given up.
 */
export function awaitedHost(
  { source, dest }: MoveRef,
  row: Move | undefined,
  isAway: (host: number) => boolean,
  nowMs: number,
): number | undefined {
  if (givenUp(row, nowMs) !== undefined) return undefined;
  if (isAway(source)) return source;
  return isAway(dest) && !mayBeUrgent(row) ? dest : undefined;
}

/** Why a move is to be given up before it begins; undefined: it goes on. */
export function givenUp(row: Move | undefined, nowMs: number): string | undefined {
  if (row?.order === 'abort') return row.orderReason;
  if (row?.deadlineAtMs != null && nowMs > row.deadlineAtMs && !mayBeUrgent(row)) return 'its window is over';
  return undefined;
}

/** It was about to seal its source when it last asked: edges may be waiting since. */
export function mayBeUrgent(row: Move | undefined): boolean {
  return row?.phase === 'verify';
}
