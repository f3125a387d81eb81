/** Scores as a list of what to look at first. */
import { costOf, type Health, type HealthPicture, type PartScore } from '@foreshard/core/profiling';
import type { TopologyMap } from '@foreshard/core/topology';

export interface HealthRow {
  readonly kind: 'host' | 'shardlet';
  readonly id: number;
  readonly name: string;
  /** a shardlet's host */
  readonly owner: string | null;
  /** null: nothing is known */
  readonly score: number | null;
  /** the part that costs most; null when none costs anything */
  readonly worst: PartScore | null;
}

/** The worst first; unknown ones before good ones, since nobody can say that they are well. */
export function healthRows(kind: 'host' | 'shardlet', picture: HealthPicture, map: TopologyMap): HealthRow[] {
  const healths = kind === 'host' ? picture.hosts : picture.shardlets;
  return [...healths]
    .sort(([a, x], [b, y]) => rank(x) - rank(y) || a - b)
    .map(([id, health]) => ({
      kind,
      id,
      ...namesOf(kind, id, map),
      score: health.score,
      worst: worstOf(health),
    }));
}

function rank({ score }: Health): number {
  return score ?? 99.5;
}

function namesOf(kind: 'host' | 'shardlet', id: number, map: TopologyMap) {
  if (kind === 'host') return { name: map.host(id)?.name ?? `#${id}`, owner: null };
  const shardlet = map.shardlet(id);
  const stream = shardlet && map.stream(shardlet.stream)?.name;
  const owner = shardlet && map.host(shardlet.owner)?.name;
  return { name: `${stream ?? 'unknown stream'}, shardlet ${id}`, owner: owner ?? null };
}

function worstOf({ parts }: Health): PartScore | null {
  const [worst] = parts.filter((part) => costOf(part) > 0).sort((a, b) => costOf(b) - costOf(a));
  return worst ?? null;
}

/** How many are well (80 and more), middling (50 and more), bad, unknown. */
export function bandsOf(healths: ReadonlyMap<number, Health>) {
  const bands = { well: 0, middling: 0, bad: 0, unknown: 0 };
  for (const { score } of healths.values())
    bands[score === null ? 'unknown' : score >= 80 ? 'well' : score >= 50 ? 'middling' : 'bad']++;
  return bands;
}
