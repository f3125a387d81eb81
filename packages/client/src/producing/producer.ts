/** Sends events: many in a request, several requests at a time, the events of a key in order. */
import type { Edges } from '../edge/edges.ts';
import { ForeshardError } from '../edge/errors.ts';
import { Bell } from '../edge/waiting.ts';
import { keyOf, type NewEvent, randomId, type Stored } from '../events.ts';
import { eventPost } from './event-post.ts';
import { Lane, type Outgoing } from './lane.ts';

export interface ProducerOptions {
  /** `main` when left out */
  readonly stream?: string | undefined;
  /** of events that have none */
  readonly source?: string | undefined;
  /** how long an event waits for others to travel with; 5 */
  readonly lingerMs?: number | undefined;
  /** of a request; 1 MB. An edge takes 8 MiB. */
  readonly batchBytesMax?: number | undefined;
  /** of a request; 1,000 */
  readonly batchEventsMax?: number | undefined;
  /** requests at the same time; 4. With one the order of all events is kept, not only that of each key. */
  readonly requestsMax?: number | undefined;
  /** `room` waits while so much is accepted and not stored; 16 MB */
  readonly bytesInFlightMax?: number | undefined;
  /** how long nothing of a request may be stored before its events are rejected; 120 s */
  readonly patienceMs?: number | undefined;
  /** ends all of it: what is not stored is rejected with its reason */
  readonly signal?: AbortSignal | undefined;
}

export interface SendOptions {
  /** rejects; the event may have been stored if it was on its way */
  readonly signal?: AbortSignal | undefined;
}

const LINGER_MS = 5;
const BATCH_BYTES_MAX = 1_000_000;
const BATCH_EVENTS_MAX = 1_000;
const REQUESTS_MAX = 4;
const BYTES_IN_FLIGHT_MAX = 16_000_000;
const PATIENCE_MS = 120_000;

export class Producer {
  private readonly options: ProducerOptions;
  private readonly lanes: readonly Lane[];
  private readonly bytesMax: number;
  private readonly ended = new AbortController();
  private readonly settled = new Bell();
  private readonly release: () => void;
  private bytes = 0;
  private events = 0;
  private isClosed = false;

  constructor(edges: Edges, options: ProducerOptions = {}) {
    const { stream = 'main', signal } = options;
    this.options = options;
    this.bytesMax = options.bytesInFlightMax ?? BYTES_IN_FLIGHT_MAX;
    const parts = {
      ...{ edges, stream, post: eventPost(edges, stream, this.ended.signal) },
      lingerMs: options.lingerMs ?? LINGER_MS,
      batchBytesMax: options.batchBytesMax ?? BATCH_BYTES_MAX,
      batchEventsMax: options.batchEventsMax ?? BATCH_EVENTS_MAX,
      patienceMs: options.patienceMs ?? PATIENCE_MS,
      onSettled: (bytes: number) => this.onSettled(bytes),
    };
    this.lanes = Array.from({ length: options.requestsMax ?? REQUESTS_MAX }, () => new Lane(parts));
    const onAbort = (): void => this.abort(signal?.reason);
    this.release = () => signal?.removeEventListener('abort', onAbort);
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
  }

  /** Bytes that are accepted and not settled. */
  get bytesInFlight(): number {
    return this.bytes;
  }

  /** Wait for `room` before the next event: the edges take less than is sent. */
  get isFull(): boolean {
    return this.bytes >= this.bytesMax;
  }

  /**
   * Resolves when the event is durable. It is taken as it is now; a failure that passes by itself is waited for, and the
   * event is sent again under the same id.
   *
   * @throws ForeshardError with the code of the edge, `unreachable` or `closed`
   */
  async send(event: NewEvent, options: SendOptions = {}): Promise<Stored> {
    const { source } = this.options;
    const { specversion = '1.0', id = randomId(), ...rest } = event;
    const complete = {
      specversion,
      id,
      ...(rest.source === undefined && source !== undefined ? { source } : {}),
      ...rest,
    };
    return this.sendJson(JSON.stringify(complete), keyOf(complete), options);
  }

  /** The same for an event that is JSON already: it is stored as it is. `key` must be its key; it keeps the order. */
  sendJson(json: string, key: string, { signal }: SendOptions = {}): Promise<Stored> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.ended.signal.aborted) throw this.ended.signal.reason;
      if (this.isClosed) throw new ForeshardError('closed', 'the producer is closed');
      // a line break would make two events of one; between tokens it means nothing, and inside a text it is escaped
      const line = json.includes('\n') ? json.replaceAll('\n', ' ') : json;
      // a character is a byte or more: near enough, and cheap
      const bytes = line.length + 1;
      const item: Outgoing = { json: line, bytes, resolve, reject, isOff: false };
      if (signal !== undefined) calledOffBy(signal, item);
      this.bytes += bytes;
      this.events++;
      this.lanes[hashOf(key) % this.lanes.length]!.push(item);
    });
  }

  /** Until less than `bytesInFlightMax` is on its way. @throws the reason of the signal, or that of the producer's */
  async room(signal?: AbortSignal): Promise<void> {
    await this.until(() => !this.isFull, signal);
  }

  /** Sends what is waiting for others at once, and waits until all of it is settled. */
  async flush(signal?: AbortSignal): Promise<void> {
    for (const lane of this.lanes) lane.hurry();
    await this.until(() => this.events === 0, signal);
  }

  /**
   * Takes no more events. Those that were accepted are sent first; with `drain: false` those that are not on their way yet
   * are rejected with the code `closed`, and nothing is sent again.
   */
  async close({ drain = true }: { readonly drain?: boolean } = {}): Promise<void> {
    this.isClosed = true;
    const reason = new ForeshardError('closed', 'the producer was closed before the event was stored');
    if (!drain) for (const lane of this.lanes) lane.stop(reason);
    try {
      await this.flush(this.ended.signal).catch(() => {});
    } finally {
      this.release();
    }
  }

  private abort(reason: unknown): void {
    this.isClosed = true;
    this.ended.abort(reason);
    for (const lane of this.lanes) lane.stop(reason);
  }

  private onSettled(bytes: number): void {
    this.bytes -= bytes;
    this.events--;
    this.settled.ring();
  }

  private async until(isSo: () => boolean, signal?: AbortSignal): Promise<void> {
    while (!isSo()) {
      signal?.throwIfAborted();
      await this.settled.wait(undefined, signal);
    }
  }
}

/** Where it is queued it is not sent; where it is on its way its result is not waited for. */
function calledOffBy(signal: AbortSignal, item: Outgoing): void {
  const { resolve, reject } = item;
  const onAbort = (): void => {
    item.isOff = true;
    reject(signal.reason);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  const settled = (): void => signal.removeEventListener('abort', onAbort);
  Object.assign(item, {
    resolve: (stored: Stored) => {
      settled();
      resolve(stored);
    },
    reject: (error: unknown) => {
      settled();
      reject(error);
    },
  });
}

/** FNV-1a: any spread of keys over lanes will do. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
