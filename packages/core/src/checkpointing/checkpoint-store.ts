/**
 * The port to where contents of checkpoints are. Objects never change: a name is written once. Nothing is expected of the
 * store but that a content that was acknowledged is read back whole; which contents count is decided by rows elsewhere.
 */

/** What an object may be called: parts of letters, digits, dots, underscores and hyphens, none beginning with a dot. */
export const OBJECT_NAME = /^[A-Za-z0-9_-][\w.-]*(\/[A-Za-z0-9_-][\w.-]*)*$/;

export interface CheckpointStore {
  /** as rows name it */
  readonly kind: 'postgres' | 'folder' | 's3';
  /** The largest content it takes. */
  readonly bytesMax: number;
  /** The answer is durable. @throws StoreUnreachable */
  put(name: string, content: Uint8Array): Promise<void>;
  /** Undefined: there is none. @throws StoreUnreachable */
  get(name: string): Promise<Uint8Array | undefined>;
  /** Also well when there are none. One that fails does not say which are gone. @throws StoreUnreachable */
  delete(names: readonly string[]): Promise<void>;
  /** Names of objects that were written before this time, some at a time. @throws StoreUnreachable */
  list(prefix: string, beforeMs: number): AsyncIterable<readonly string[]>;
}

/** Unlike that of any other: whatever two members upload at once, neither overwrites the other's. */
export function objectName(checkpoint: {
  readonly group: string;
  readonly shardlet: number;
  readonly assignment: number;
  readonly seq: number;
  readonly id: string;
}): string {
  const { group, shardlet, assignment, seq, id } = checkpoint;
  return `${group}/${shardlet}/${assignment}-${seq}-${id}`;
}
