/** Scores of hosts and shardlets: the newest picture, and the course of one subject with its parts. */
import type { HealthAt } from '@foreshard/core/profiling';
import { z } from 'zod';
import { bandsOf, healthRows } from '../health/health-rows.ts';
import { away, query, router } from '../trpc.ts';

const HOUR_MS = 3_600_000;
/** Pictures of minutes are kept for so long; of longer times the lowest score of each hour is. */
const MINUTES_FOR_HOURS = 6;
const ROWS_MAX = 500;

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
        hosts: healthRows('host', picture, map),
        shardlets: healthRows('shardlet', picture, map).slice(0, input.limit),
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
