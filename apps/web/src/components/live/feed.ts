/** What a tab holds of the live picture, and how an update changes it. */
import type { LiveFrame } from '../../server/cluster/live-frame.ts';
import type { LoadPoint } from '../../server/load/load-window.ts';
import type { LiveUpdate } from '../../server/routes/overview.ts';
import type { SampleStatus } from '../../server/sample/sample-run.ts';

export const POINTS_KEPT = 600;
export const STALE_AFTER_MS = 3_500;

export type LiveStatus = 'connecting' | 'live' | 'paused' | 'stale';

export interface Feed {
  readonly frame: LiveFrame | undefined;
  readonly points: readonly LoadPoint[];
  readonly sample: SampleStatus;
  readonly receivedMs: number | undefined;
}

export const NO_FEED: Feed = {
  frame: undefined,
  points: [],
  sample: { kind: 'idle' },
  receivedMs: undefined,
};

export function nextFeed(
  feed: Feed,
  { update, receivedMs }: { update: LiveUpdate; receivedMs: number },
): Feed {
  const { frame, sample, points } = update;
  return { frame, sample, points: joined(feed.points, points), receivedMs };
}

/** The first update of a subscription overlaps what is there; its seconds are newer knowledge. */
function joined(kept: readonly LoadPoint[], added: readonly LoadPoint[]): readonly LoadPoint[] {
  const first = added[0];
  if (first === undefined) return kept;
  return [...kept.filter((p) => p.second < first.second), ...added].slice(-POINTS_KEPT);
}

export function statusOf(feed: Feed, paused: boolean, staleMs: number): LiveStatus {
  if (paused) return 'paused';
  if (feed.frame === undefined) return 'connecting';
  return staleMs > 0 ? 'stale' : 'live';
}
