/** What the overview tells beside the live counters: it needs the database, so it is asked for apart from them. */
import { MINUTE_MS, type TelemetryStore } from '@foreshard/core/telemetry';
import type { TopologyMap } from '@foreshard/core/topology';
import type { Load } from '../load/load-window.ts';

export const P99_MINUTES = 15;

export interface Standing {
  /** of the slowest shardlet in P99_MINUTES; null: no append was measured, or it cannot be read */
  readonly p99: { readonly micros: number; readonly shardlet: number; readonly stream: string } | null;
  /** the busiest host against the average; null without load or with fewer than two hosts */
  readonly imbalance: { readonly times: number; readonly host: string } | null;
  readonly moves: number;
}

export async function standingOf(
  map: TopologyMap,
  telemetry: TelemetryStore,
  rates: ReadonlyMap<number, Load>,
  nowMs: number,
): Promise<Standing> {
  return {
    p99: await slowest(map, telemetry, nowMs),
    imbalance: imbalanceOf(map, rates),
    moves: movesOf(map),
  };
}

async function slowest(map: TopologyMap, telemetry: TelemetryStore, nowMs: number): Promise<Standing['p99']> {
  const window = { fromMs: nowMs - P99_MINUTES * MINUTE_MS, toMs: nowMs };
  const found = await Promise.all(
    map.streams().map(async ({ id, name }) => {
      const [hot] = await telemetry.top({ streamId: id, metric: 'p99', n: 1, ...window });
      return hot === undefined ? [] : { micros: hot.value, shardlet: hot.shardlet, stream: name };
    }),
  ).catch(() => []);
  return found.flat().sort((a, b) => b.micros - a.micros)[0] ?? null;
}

export function imbalanceOf(map: TopologyMap, rates: ReadonlyMap<number, Load>): Standing['imbalance'] {
  const byHost = new Map<number, number>(map.hosts().map((host) => [host.id, 0]));
  let total = 0;
  for (const [id, { events }] of rates) {
    const owner = map.shardlet(id)?.owner;
    if (owner === undefined) continue;
    byHost.set(owner, (byHost.get(owner) ?? 0) + events);
    total += events;
  }
  const [first] = [...byHost].sort(([a, x], [b, y]) => y - x || a - b);
  if (first === undefined || total === 0 || byHost.size < 2) return null;
  return { times: (first[1] * byHost.size) / total, host: map.host(first[0])?.name ?? `#${first[0]}` };
}

function movesOf(map: TopologyMap): number {
  let moves = 0;
  for (const { state } of map.shardlets())
    if (state.kind === 'moving' || state.kind === 'closedMoving') moves++;
  return moves;
}
