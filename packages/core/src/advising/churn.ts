/**
 * What moving has cost and brought of late: the figures that show a planner which thrashes. A reversal is a move that
 * brings a shardlet back to a host that it left within four times the settle time of the policy.
 */
import type { Move } from '../moves/index.ts';
import type { Policy } from '../planning/index.ts';
import type { RecommendationRecord } from './recommendation-log.ts';

export interface Churn {
  readonly moves: number;
  readonly bytes: number;
  readonly reversals: number;
  readonly failed: number;
  /** what was promised and what came of it, of the moves whose worth is known; in units of the objective */
  readonly promised: number;
  readonly realised: number;
  /** bytes moved for each unit of the objective that was gained; null: nothing is known to be gained */
  readonly bytesPerGain: number | null;
}

const MINUTE_MS = 60_000;
/** as the replay of recorded loads counts them */
export const REVERSAL_TIMES = 4;

/** `ended` in any order; what ended before `fromMs` counts only as what a later move takes back. */
export function churnOf(
  ended: readonly Move[],
  records: readonly RecommendationRecord[],
  { rest }: Policy,
  fromMs: number,
): Churn {
  const all = ended
    .filter(({ result, endedAtMs }) => result === 'moved' && endedAtMs !== null)
    .sort((a, b) => a.endedAtMs! - b.endedAtMs!);
  const lately = all.filter(({ endedAtMs }) => endedAtMs! >= fromMs);
  const withinMs = REVERSAL_TIMES * rest.settle_time * MINUTE_MS;
  const takesBack = (move: Move) =>
    all.some(
      ({ shardlet, source, endedAtMs }) =>
        shardlet === move.shardlet &&
        source === move.dest &&
        endedAtMs! < move.endedAtMs! &&
        move.endedAtMs! - endedAtMs! <= withinMs,
    );
  const known = records.filter(({ realised }) => realised !== null && realised.atMs >= fromMs);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const realised = sum(known.map((one) => one.realised!.gain));
  const bytesKnown = sum(known.map(({ body }) => body.cost.bytes));
  return {
    moves: lately.length,
    bytes: sum(lately.map((move) => move.bytes)),
    reversals: lately.filter(takesBack).length,
    failed: ended.filter(({ result, endedAtMs }) => result !== 'moved' && (endedAtMs ?? 0) >= fromMs).length,
    promised: sum(known.map(({ body }) => body.gain?.expected ?? 0)),
    realised,
    bytesPerGain: realised > 0 ? bytesKnown / realised : null,
  };
}
