/**
 * Names of what holds the dead letters of a group, made from the name of the group alone, so that every process finds
 * the same. A stream name allows no dot and no underscore, and processes of earlier releases check names when they read
 * the map, so the stream of group `billing` is `dead--billing`, and a group whose name a stream cannot have gets a name
 * with a hash. The group that reads re-driven events is `billing.redrive`.
 */
import { ForeshardError } from '../kernel/index.ts';
import { identify } from '../keyspace/index.ts';
import { streamNameSchema } from '../topology/index.ts';

const STREAM_PREFIX = 'dead--';
const REDRIVE_SUFFIX = '.redrive';
const NAME_CHARS_MAX = 63;
const HASH_DIGITS = 16;

/** A longer name leaves no room for the name of the redrive group. */
const GROUP_CHARS_MAX = NAME_CHARS_MAX - REDRIVE_SUFFIX.length;

export function deadStreamOf(group: string): string {
  const plain = `${STREAM_PREFIX}${group}`;
  if (streamNameSchema.safeParse(plain).success && !HASHED.test(plain)) return plain;
  const room = NAME_CHARS_MAX - STREAM_PREFIX.length - HASH_DIGITS - 1;
  const readable = group.replaceAll(/[._]/g, '-').slice(0, room);
  return `${STREAM_PREFIX}${readable}-${hashOf(group)}`;
}

/** A group named so gets a hash as well: two groups never share a stream. */
const HASHED = /-[0-9a-f]{16}$/;

/** Nobody can create a stream named so, or append to it, but through a group. */
export function isDeadStream(stream: string): boolean {
  return stream.startsWith(STREAM_PREFIX);
}

export function redriveGroupOf(group: string): string {
  return `${group}${REDRIVE_SUFFIX}`;
}

export function isNamedLikeRedrive(group: string): boolean {
  return group.endsWith(REDRIVE_SUFFIX);
}

/** @throws ForeshardError invalid_parameter */
export function requireRoomForLetters(group: string): void {
  if (group.length <= GROUP_CHARS_MAX) return;
  throw new ForeshardError(
    'invalid_parameter',
    `The name of a group with dead letters has at most ${GROUP_CHARS_MAX} characters, and "${group}" has ${group.length}.`,
  );
}

function hashOf(text: string): string {
  const words = new Uint32Array(4);
  identify(0, '', text, words);
  return [words[0]!, words[1]!].map((word) => word.toString(16).padStart(8, '0')).join('');
}
