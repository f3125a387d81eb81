/** Why a shardlet is hot, from what is known of its keys, and since when. */
import { type HotShardlet, loadPlace } from '@foreshard/core/telemetry';

export type HotCause =
  | { readonly kind: 'key'; readonly key: string | null; readonly share: number; readonly remedy: string }
  | {
      readonly kind: 'few' | 'range' | 'even' | 'unknown';
      readonly share: number | null;
      readonly remedy: string;
    };

export function causeOf(hot: HotShardlet, leaves: number, splitKeys: boolean): HotCause {
  const shares = keySharesOf(hot);
  const times = Number.isFinite(hot.share) ? hot.share * leaves : undefined;
  const place = loadPlace({ times, topKeyShare: shares?.top, countedKeysShare: shares?.counted });
  switch (place) {
    case 'even':
      return { kind: 'even', share: null, remedy: 'Nothing: it carries about what the others carry.' };
    case 'hotKey':
      return {
        kind: 'key',
        key: hot.keys.topKeys[0]!.key ?? null,
        share: shares!.top,
        remedy: splitKeys
          ? 'Split inside the key: this stream allows it.'
          : 'Spread the key at its producer; a split of the range would not help.',
      };
    case 'fewKeys':
      return { kind: 'few', share: shares!.counted, remedy: 'Split the range between its heavy keys.' };
    case 'hotRange':
      return { kind: 'range', share: shares!.top, remedy: 'Split the range: many keys share the load.' };
    default:
      return { kind: 'unknown', share: null, remedy: 'Its keys are not known for this time.' };
  }
}

/** Of its events: of the heaviest key, and of all that were counted; undefined: no key is known. */
export function keySharesOf({ share, keys, value, sparkline, stepMs }: HotShardlet) {
  const all = Number.isFinite(share) ? (value * coveredMs(sparkline, stepMs)) / 1_000 : Number.NaN;
  const first = keys.topKeys[0];
  if (first === undefined || !(all > 0)) return undefined;
  // counts are "at least", and a window of keys may be longer than that of the load: never above all
  const shareOf = (events: number) => Math.min(1, events / all);
  return {
    top: shareOf(first.events),
    counted: shareOf(keys.topKeys.reduce((sum, { events }) => sum + events, 0)),
  };
}

/** The newest minutes may not be told yet; without a worker nothing is told at all, and "cooled down" would be a guess. */
const UNREPORTED_MS = 5 * 60_000;

/** How long the end of the course has stayed above half of its highest; null when its end is not known. */
export function heldForMs(course: Float64Array, stepMs: number): number | null {
  const unreported = course.length - 1 - course.findLastIndex((value) => !Number.isNaN(value));
  if (unreported * stepMs > Math.max(UNREPORTED_MS, 2 * stepMs)) return null;
  const peak = Math.max(0, ...course.filter((v) => !Number.isNaN(v)));
  let steps = 0;
  for (let i = course.length - 1 - unreported; i >= 0; i--) {
    if (!(course[i]! >= peak / 2) || peak === 0) break;
    steps++;
  }
  return steps * stepMs;
}

/** How much of the course is known. */
function coveredMs(course: Float64Array, stepMs: number): number {
  return course.filter((v) => !Number.isNaN(v)).length * stepMs;
}
