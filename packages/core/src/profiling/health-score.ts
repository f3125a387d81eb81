/**
 * Scores from 0 (as bad as can be) to 100, always with the parts they are made of. A part whose value is not
 * known has no score and no say: the weights of the others share its weight. A score of nothing is unknown,
 * never good. One part has no weight but a veto: what cannot be reached scores 0, however well the rest was.
 */
import { type HealthSettings, type HostPart, type ShardletPart, UNITS } from './health-settings.ts';

/** 1: takes events; 0: does not answer, or waits for its readmission */
const REACHABLE = 'reachable';

export interface PartScore {
  readonly part: ShardletPart | HostPart | typeof REACHABLE;
  /** null: not known */
  readonly raw: number | null;
  readonly unit: string;
  readonly weight: number;
  readonly score: number | null;
}

export interface Health {
  /** null: nothing is known */
  readonly score: number | null;
  readonly parts: readonly PartScore[];
}

type Reachability = { readonly [REACHABLE]?: 0 | 1 | undefined };
export type ShardletFacts = Reachability & { readonly [P in ShardletPart]?: number | undefined };
export type HostFacts = Reachability & { readonly [P in HostPart]?: number | undefined };

export function shardletHealth(facts: ShardletFacts, settings: HealthSettings): Health {
  return healthOf(facts, settings.shardlet);
}

export function hostHealth(facts: HostFacts, settings: HealthSettings): Health {
  return healthOf(facts, settings.host);
}

interface Scale {
  readonly weight: number;
  readonly good: number;
  readonly bad: number;
}

function healthOf<P extends ShardletPart | HostPart>(
  facts: Reachability & { readonly [Q in P]?: number | undefined },
  scales: Readonly<Record<P, Scale>>,
): Health {
  const parts = (Object.keys(scales) as P[]).map((part): PartScore => {
    const value = facts[part];
    const raw = value === undefined || Number.isNaN(value) ? null : value;
    const { weight } = scales[part];
    return { part, raw, unit: UNITS[part], weight, score: raw === null ? null : scored(raw, scales[part]) };
  });
  const reachable = reachability(facts[REACHABLE]);
  return { score: reachable.score === 0 ? 0 : weighed(parts), parts: [reachable, ...parts] };
}

function reachability(raw: 0 | 1 | undefined): PartScore {
  const score = raw === undefined ? null : 100 * raw;
  return { part: REACHABLE, raw: raw ?? null, unit: '0-1', weight: 0, score };
}

/** How much a part takes from the score: what costs most is what people should look at first. */
export function costOf({ part, weight, score }: PartScore): number {
  if (part === REACHABLE) return score === 0 ? Number.POSITIVE_INFINITY : 0;
  return weight * (100 - (score ?? 100));
}

function scored(raw: number, { good, bad }: Scale): number {
  const share = (raw - bad) / (good - bad);
  return Math.round(100 * Math.min(1, Math.max(0, share)));
}

function weighed(parts: readonly PartScore[]): number | null {
  let sum = 0;
  let weights = 0;
  for (const { score, weight } of parts) {
    if (score === null) continue;
    sum += score * weight;
    weights += weight;
  }
  return weights === 0 ? null : Math.round(sum / weights);
}
