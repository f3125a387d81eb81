/**
 * The one objective of all phases: two passes with aims of their own fight each other and move the same shardlet to
 * and fro. A host costs the square of its pressure, and far more above its fullness; the cost of moving and the doubt
 * about the forecast are in the same units, so that a move that does not pay is not made.
 *
 * Pressure is the worst column of load over capacity. Hosts weigh by their capacity, so that a small one at 80 % is
 * not worth as much trouble as a large one.
 */
import type { Policy } from './policy.ts';

export interface Objective {
  /** what a host at this pressure costs */
  hostCost(pressure: number): number;
  /** what moving so many bytes costs, for a shardlet that moved so often in the last day */
  moveCost(bytes: number, recentMoves: number): number;
  /** gain below which nothing is done */
  readonly gainMin: number;
}

const GB = 1e9;

export function objectiveOf({ weight, host, rest, aggressiveness }: Policy): Objective {
  const { overload, balance } = weight;
  const { fullness } = host;
  // from twice the minimum (timid) down to the minimum itself
  const gainMin = rest.minimum_gain * (2 - aggressiveness);
  return {
    gainMin,
    hostCost(pressure) {
      const over = pressure - fullness;
      return balance * pressure * pressure + (over > 0 ? overload * over * over : 0);
    },
    moveCost: (bytes, recentMoves) =>
      rest.move_cost + (rest.move_cost_per_gb * bytes) / GB + rest.churn_penalty * recentMoves,
  };
}
