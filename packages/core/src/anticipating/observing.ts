/** Which records are learned, and what the model sees of each. */
import type { ObservedEvent } from '../correlation/index.ts';
import { framePayload, framePosition, type StoredRecord } from '../hosts/index.ts';
import { contains, type Range } from '../keyspace/index.ts';
import { pathOf, valueAt } from '../profiling/index.ts';

/** The low bits of the hash of the key decide: ranges of shardlets and slices are made of the high ones. */
const SAMPLE_PLACES = 1 << 16;
/** A poisoned event costs no more than an ordinary one. */
const KEY_CHARS_MAX = 512;
const MICROS_PER_MS = 1_000;

const decoder = new TextDecoder();

export interface SampledEvent extends ObservedEvent {
  readonly shardlet: number;
  /** the high part of the position of its key */
  readonly keyHash: number;
}

export function isSampled(keyHash: number, share: number): boolean {
  return keyHash % SAMPLE_PLACES < share * SAMPLE_PLACES;
}

/** Of the keys of the range, sampled by `share`. What is no event is left out. */
export function sampledOf(
  records: readonly StoredRecord[],
  shardlet: number,
  { range, share, attributes }: { readonly range: Range; share: number; attributes: readonly string[] },
): SampledEvent[] {
  const paths = attributes.map(pathOf);
  return records.flatMap(({ frame, ts }) => {
    const position = framePosition(frame);
    if (!isSampled(position.hi, share) || !contains(range, position)) return [];
    const seen = seenOf(frame, paths);
    return seen === undefined
      ? []
      : [{ ...seen, timeMs: Math.floor(ts / MICROS_PER_MS), shardlet, keyHash: position.hi }];
  });
}

function seenOf(
  frame: Uint8Array,
  paths: readonly (readonly string[])[],
): Omit<ObservedEvent, 'timeMs'> | undefined {
  let event: unknown;
  try {
    event = JSON.parse(decoder.decode(framePayload(frame)));
  } catch {
    return undefined;
  }
  if (typeof event !== 'object' || event === null) return undefined;
  const { type, partitionkey, subject, source } = event as Readonly<Record<string, unknown>>;
  const key = [partitionkey, subject, source].find((one) => typeof one === 'string' && one !== '');
  if (typeof type !== 'string' || typeof key !== 'string') return undefined;
  return {
    key: key.slice(0, KEY_CHARS_MAX),
    type,
    attributes: paths.map((path) => textOf(valueAt(event, path))),
  };
}

/** What is neither a text, a number nor a boolean says nothing. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
