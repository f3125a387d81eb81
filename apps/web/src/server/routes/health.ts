/** Scores of hosts and shardlets: the newest picture, and the course of one subject with its parts. */
import {
  costOf,
  type Health,
  type HealthAt,
  type HealthPicture,
  type PartScore,
} from '@foreshard/core/profiling';
import type { TopologyMap } from '@foreshard/core/topology';
import { z } from 'zod';
import { away, query, router } from '../trpc.ts';

const HOUR_MS = 3_600_000;
/** Pictures of minutes are kept for so long; of longer times the lowest score of each hour is. */
const MINUTES_FOR_HOURS = 6;
const ROWS_MAX = 500;

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

export const healthRouter = router({
  list: query
    .input(z.object({ limit: z.int().min(1).max(ROWS_MAX).default(100) }))
    .query(async ({ ctx: { server }, input }) => {
      const map = server.map.map;
      if (map === undefined) throw away();
      const picture = await server.health.current();
      if (picture === undefined) return null;
      return {
        atMs: picture.atMs,
        nowMs: Date.now(),
        hosts: rowsOf('host', picture, map),
        shardlets: rowsOf('shardlet', picture, map).slice(0, input.limit),
        shardletsTotal: picture.shardlets.size,
        bands: { host: bandsOf(picture.hosts), shardlet: bandsOf(picture.shardlets) },
      };
    }),

  subject: query
    .input(
      z.object({
        kind: z.enum(['host', 'shardlet']),
        id: z.int().min(1),
        hours: z.int().min(1).max(720).default(1),
      }),
    )
    .query(async ({ ctx: { server }, input }) => {
      const { kind, id, hours } = input;
      const nowMs = Date.now();
      const resolution = hours <= MINUTES_FOR_HOURS ? 'minute' : 'hour';
      const history = await server.health.history({ kind, id }, resolution, nowMs - hours * HOUR_MS, nowMs);
      return { resolution, newest: history.at(-1) ?? null, history: history.map(pointOf) };
    }),
});

function pointOf({ atMs, score, parts }: HealthAt) {
  return { atMs, score, parts: parts.map((part) => part.score) };
}

/** The worst first; unknown ones before good ones, since nobody can say that they are well. */
function rowsOf(kind: 'host' | 'shardlet', picture: HealthPicture, map: TopologyMap): HealthRow[] {
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
function bandsOf(healths: ReadonlyMap<number, Health>) {
  const bands = { well: 0, middling: 0, bad: 0, unknown: 0 };
  for (const { score } of healths.values())
    bands[score === null ? 'unknown' : score >= 80 ? 'well' : score >= 50 ? 'middling' : 'bad']++;
  return bands;
}
