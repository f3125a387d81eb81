/**
 * How a stream is learned: its keys are divided over slices by their hash, and each slice has a model of its own. Of each slice a
 * part of the keys is learned, with all of their events: a sample of events would destroy every context.
 */
import { z } from 'zod';
import type { EngineOptions } from '../correlation/index.ts';
import { END, type Range, range, START, WHOLE } from '../keyspace/index.ts';
import type { Stream, TopologyMap } from '../topology/index.ts';

export const sliceSettingsSchema = z.strictObject({
  /** of the keys, in (0, 1] */
  share: z.number(),
  slices: z.int(),
  memoryBytes: z.int(),
  attributes: z.array(z.string()),
});
export type SliceSettings = z.infer<typeof sliceSettingsSchema>;

/** Bytes for each context of the model, with all that goes with it (docs/correlation.md, "Memory"). */
const BYTES_PER_CONTEXT = 256;
const CONTEXTS_MIN = 1 << 10;
const CONTEXTS_MAX = 1 << 18;
const TYPES_MAX = 65_528;
/** of the map: what the console can show, and a prefetcher can fetch */
const MAP_KEYS_MAX = 4_096;
const PROBABILITY_MIN = 0.05;

/** A worker learns at most so many streams: the first by number. */
export const STREAMS_MAX = 16;

export function engineOptionsOf({ memoryBytes, attributes }: SliceSettings): EngineOptions {
  const wanted = 2 ** Math.floor(Math.log2(memoryBytes / BYTES_PER_CONTEXT));
  const contextsMax = Math.min(CONTEXTS_MAX, Math.max(CONTEXTS_MIN, wanted));
  return {
    model: {
      attributes,
      keysMax: contextsMax / 4,
      typesMax: Math.min(TYPES_MAX, contextsMax / 4),
      contextsMax,
      wideContextsMax: contextsMax / 8,
    },
    map: { keysMax: Math.min(MAP_KEYS_MAX, contextsMax / 4), probabilityMin: PROBABILITY_MIN },
  };
}

/** The state of the one can be used with the other: the share may change while it is learned. */
export function isSameModel(a: SliceSettings, b: SliceSettings): boolean {
  return (
    a.slices === b.slices &&
    a.memoryBytes === b.memoryBytes &&
    a.attributes.join('\n') === b.attributes.join('\n')
  );
}

export function rangeOfSlice(slice: number, slices: number): Range {
  const edge = (i: number) => Math.floor((WHOLE.to.hi * i) / slices);
  const to = slice + 1 === slices ? END : { hi: edge(slice + 1), lo: 0 };
  return range(slice === 0 ? START : { hi: edge(slice), lo: 0 }, to);
}

/** Streams that people write to, as many as are learned. */
export function learnedStreams(map: Pick<TopologyMap, 'streams'>): Stream[] {
  return map
    .streams()
    .filter(({ splitKeys }) => !splitKeys)
    .sort((a, b) => a.id - b.id)
    .slice(0, STREAMS_MAX);
}
