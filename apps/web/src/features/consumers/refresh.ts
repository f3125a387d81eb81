/** How often groups are asked for again: the longer an answer takes, the more seldom, so that looking costs little. */
import { LIST_REFRESH_MS } from '../../components/api.ts';

/** Of the time, at most: sums over the positions of large groups take the database a second. */
const SHARE_MAX = 0.2;

export function refreshAfterMs({ tookMs = 0 }: { readonly tookMs?: number | undefined } = {}): number {
  return Math.max(LIST_REFRESH_MS, tookMs / SHARE_MAX);
}
