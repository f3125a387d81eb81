/**
 * What a seed stands for. Each run has its own mix: some faults often, some never, so that rare meetings of
 * two faults are not drowned by all the others; and one pair of transition and fault that it looks for.
 */
import { type Coverage, Draws, type Fault, faultsOf } from '@foreshard/core/simulation';
import type { Focus, Weather } from './network.ts';
import { TRANSITIONS } from './transitions.ts';

export const FAULT_KINDS = [
  'kill edge',
  'kill worker',
  'kill host',
  'empty disk',
  'The topology store away',
  'cut',
  'freeze',
  'full',
  'clock back',
  'older state',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Plan {
  readonly seed: number;
  readonly setsBack: boolean;
  readonly durabilities: readonly ('always' | 'everysec')[];
  readonly hostClockOffMicros: readonly number[];
  readonly edgeClockOffMicros: readonly number[];
  readonly shardCount: number;
  readonly splitKeys: boolean;
  readonly hasRetention: boolean;
  /** quiet time in the middle, long enough for retention, windows and grace times to end */
  readonly hasLongPause: boolean;
  readonly weather: Weather;
  readonly faults: readonly FaultKind[];
  readonly faultEveryMs: number;
  readonly restructureEveryMs: number;
  readonly focus: Focus;
  readonly requestsPerClient: number;
}

/** Each seed makes at least 300 operations: so many requests of clients, without counting anything else. */
export const REQUESTS_MIN = 300;
export const CLIENTS = 12;
/** each is as long as all else in a run */
const LONG_PAUSE_SHARE = 0.08;
/** these happen only after the long pause */
const OF_OLD_AGE: ReadonlySet<string> = new Set([
  'trim',
  'seek',
  'forgetIds',
  'markGone',
  'dropGarbage',
  'drop',
  'createFloor',
]);

/** these happen only after a host has restarted */
const OF_READMISSION: ReadonlySet<string> = new Set([
  'beginReadmission',
  'readmitBatch',
  'publishIncarnation',
]);

/** these happen only after a host went back to an older state */
const OF_ACCEPTED_LOSS: ReadonlySet<string> = new Set([
  'admit',
  'suspendHost',
  'acceptLoss',
  'readmitRemnants',
]);

export function transitionsIn(setsBack: boolean): readonly string[] {
  return TRANSITIONS.filter((transition) => setsBack || !OF_ACCEPTED_LOSS.has(transition));
}

/** Pairs of transition and fault that never met, of those that have to. */
export function gapsIn(coverage: Coverage, setsBack: boolean): readonly string[] {
  return coverage.gaps(transitionsIn(setsBack)).filter((gap) => setsBack || !gap.endsWith('older state'));
}

function faultsIn(setsBack: boolean, transition: string): readonly Fault[] {
  return faultsOf(transition).filter((fault) => setsBack || fault !== 'older state');
}

const RARE: ReadonlyMap<FaultKind, number> = new Map([
  ['empty disk', 0.08],
  ['older state', 0.3],
]);

/** `setsBack`: hosts may also go back to older states, and a person accepts what they lost. */
export function planOf(seed: number, setsBack: boolean): Plan {
  const draws = new Draws(Math.imul(seed, 0x9e37_79b1) ^ 0x5eed);
  const focus = focusOf(seed, setsBack);
  const isOld = OF_OLD_AGE.has(focus.transition);
  const needsRestart = OF_READMISSION.has(focus.transition);
  const needsLoss = OF_ACCEPTED_LOSS.has(focus.transition);
  const possible = FAULT_KINDS.filter((kind) => setsBack || kind !== 'older state');
  const kinds = possible.filter(
    (kind) =>
      draws.chance(RARE.get(kind) ?? 0.45) ||
      (kind === 'kill host' && needsRestart) ||
      (kind === 'older state' && needsLoss),
  );
  const mayLose = focus.fault === 'power loss' ? draws.chance(0.5) : draws.chance(0.25);
  const splitKeys = draws.chance(0.35);
  // tokens of a host that far ahead are refused by the others until they get there
  const skew = draws.pick([0, 300_000, 1_500_000, splitKeys ? 300_000 : 20_000_000]);
  const off = (micros: number) => Math.round(draws.between(-micros, micros));
  const weatherOf = (share: number) => (draws.chance(0.6) ? draws.between(0, share) : 0);
  return {
    ...{ seed, setsBack },
    durabilities: [0, 1, 2].map((i) => (mayLose && i < 2 ? 'everysec' : 'always')),
    hostClockOffMicros: [0, 1, 2].map(() => off(skew)),
    edgeClockOffMicros: [off(5_000_000), off(5_000_000)],
    shardCount: 1 + draws.below(2),
    splitKeys,
    hasRetention: isOld || draws.chance(0.15),
    hasLongPause: isOld || draws.chance(LONG_PAUSE_SHARE),
    weather: {
      slow: weatherOf(0.06),
      requestLost: weatherOf(0.05),
      replyLost: weatherOf(0.05),
      sentTwice: weatherOf(0.06),
    },
    faults: needsLoss ? [...kinds, 'older state', 'older state'] : kinds,
    faultEveryMs: draws.pick([400, 900, 2_000]),
    restructureEveryMs: draws.pick([250, 600, 1_500]),
    focus,
    requestsPerClient: Math.ceil(REQUESTS_MIN / CLIENTS) + draws.below(3),
  };
}

/** Neighbouring seeds look for different pairs, so any row of seeds as long as the table looks for all. */
function focusOf(seed: number, setsBack: boolean): Focus {
  const pairs = transitionsIn(setsBack).flatMap((transition) =>
    faultsIn(setsBack, transition).map((fault): Focus => ({ transition, fault })),
  );
  return pairs[seed % pairs.length]!;
}
