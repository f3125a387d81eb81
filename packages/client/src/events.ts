/** Events as they are sent, and as an edge answers and stores them. A test holds these types against the edge's schemas. */

/** `null` means that an attribute is not set. */
interface Attributes {
  readonly specversion: '1.0';
  readonly id: string;
  /** a URI reference: who it comes from */
  readonly source: string;
  readonly type: string;
  /** the key, where there is no `partitionkey` */
  readonly subject?: string | null | undefined;
  /** events of one key keep their order */
  readonly partitionkey?: string | null | undefined;
  /** RFC 3339 */
  readonly time?: string | null | undefined;
  readonly datacontenttype?: string | null | undefined;
  readonly dataschema?: string | null | undefined;
  readonly data?: unknown;
  readonly data_base64?: string | null | undefined;
}

/** CloudEvents 1.0.2, JSON format. Names of extensions are lower-case letters and digits. */
export type CloudEvent = Attributes & { readonly [extension: string]: unknown };

/** What `send` completes: a random `id`, the producer's `source`. */
export type NewEvent = Partial<Attributes> & { readonly type: string; readonly [extension: string]: unknown };

export interface StoredEvent {
  readonly stream: string;
  readonly shard: number;
  readonly shardlet: number;
  /** its place in the shardlet, from 1 */
  readonly seq: number;
  /** microseconds since 1970, unique within the shardlet */
  readonly ts: number;
  /** comes after its place in the log: its host had been left out */
  readonly late?: true | undefined;
  readonly event: CloudEvent;
}

/** What became of an event. Both are durable; a duplicate was stored before, under the same id. */
export interface Stored {
  readonly id: string;
  readonly status: 'stored' | 'duplicate';
  readonly stream: string;
  readonly shard: number;
  readonly shardlet: number;
  /** null of a duplicate that was trimmed, or whose host is away */
  readonly seq: number | null;
  readonly ts: number | null;
}

/** Of one event. */
export interface EventProblem {
  readonly code: string;
  readonly status: number;
  readonly detail?: string | undefined;
  readonly cure?: string | undefined;
  readonly pointer?: string | undefined;
  readonly index?: number | undefined;
}

export type EventResult =
  | (Omit<Stored, 'id'> & { readonly id: string | null })
  | {
      readonly id: string | null;
      readonly status: 'expired' | 'error';
      readonly stream: string;
      readonly error: EventProblem;
    };

/** `partitionkey`, else `subject`, else `source`. */
export function keyOf(event: {
  readonly partitionkey?: string | null | undefined;
  readonly subject?: string | null | undefined;
  readonly source?: string | undefined;
}): string {
  const { partitionkey, subject, source } = event;
  return partitionkey ?? subject ?? source ?? '';
}

/** UUIDv4: random, so a wrong clock of this machine does no harm. */
export function randomId(): string {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
