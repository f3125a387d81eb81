/**
 * Writers as they are in the world: each sends its next events only when the former ones are acknowledged,
 * and what is not acknowledged it sends again under the same ids, whatever became of the answer. Some send
 * one event at a time, others batches of many keys.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, errors, request } from 'undici';
import type { Journal, Result } from './journal.ts';

export interface Target {
  readonly edgeUrl: string;
  readonly token: string;
  readonly stream: string;
}

export interface LoadOptions {
  /** of the events, and the beginning of their keys: unique among all loads */
  readonly name: string;
  /** every second writer waits no longer for an answer, hangs up and sends again */
  readonly hastyMs?: number;
}

const SINGLE_WRITERS = 24;
const SINGLE_PAUSE_MS = 25;
const BATCH_WRITERS = 4;
const BATCH_KEYS = 8;
const EVENTS_OF_A_KEY = 2;
const BATCH_PAUSE_MS = 60;
/** longer than the edge holds an event */
const PATIENCE_MS = 8_000;
const RETRY_PAUSE_MS = 100;
/** After the faults are healed every event must find its way in this time. */
const FINISH_WITHIN_MS = 30_000;
/** Only these may be sent again as they are; anything else is a fault of the client or of the edge. */
const PASSING = new Set(['host_unreachable', 'overloaded', 'not_ready', 'host_full', 'too_many_ids']);

interface Writer {
  readonly mediaType: string;
  readonly keys: readonly string[];
  /** events of each key in one request */
  readonly ofEach: number;
  readonly patienceMs: number;
}

interface LoadEvent {
  readonly id: string;
  readonly source: string;
  readonly subject: string;
}

interface Reply {
  readonly code?: string;
  readonly results?: readonly (Result | { id: string; status: 'error'; error: { code: string } })[];
}

export class Load {
  readonly source: string;
  private readonly journal: Journal;
  private readonly target: Target;
  private readonly name: string;
  private readonly hastyMs: number;
  private readonly agent = new Agent({ connections: SINGLE_WRITERS + BATCH_WRITERS });
  private readonly stopping = new AbortController();
  private readonly broken = new AbortController();
  private readonly writers: Promise<void>[] = [];
  private count = 0;

  constructor(target: Target, journal: Journal, { name, hastyMs = PATIENCE_MS }: LoadOptions) {
    this.target = target;
    this.journal = journal;
    this.name = name;
    this.source = `/faults/${name}`;
    this.hastyMs = hastyMs;
  }

  start(): void {
    for (let n = 0; n < SINGLE_WRITERS; n++)
      this.startWriter(n, {
        mediaType: 'application/cloudevents+json',
        keys: [`${this.name}-${n}`],
        ofEach: 1,
      });
    for (let n = 0; n < BATCH_WRITERS; n++) {
      const keys = Array.from({ length: BATCH_KEYS }, (_, k) => `${this.name}-batch-${n}-${k}`);
      const mediaType = n < BATCH_WRITERS / 2 ? 'application/cloudevents-batch+json' : 'application/x-ndjson';
      this.startWriter(n, { mediaType, keys, ofEach: EVENTS_OF_A_KEY });
    }
  }

  /** Sends nothing new and resolves when all that was sent is acknowledged. */
  async finish(): Promise<void> {
    this.stopping.abort();
    const late = setTimeout(
      () =>
        this.broken.abort(new Error(`events are still refused ${FINISH_WITHIN_MS / 1000} s after the end`)),
      FINISH_WITHIN_MS,
    );
    try {
      await Promise.all(this.writers);
    } finally {
      clearTimeout(late);
      this.broken.abort(new Error('the load has ended'));
      await Promise.allSettled(this.writers);
      await this.agent.destroy();
    }
  }

  private startWriter(n: number, writer: Omit<Writer, 'patienceMs'>): void {
    this.writers.push(this.write({ ...writer, patienceMs: n % 2 === 0 ? PATIENCE_MS : this.hastyMs }));
  }

  private async write(writer: Writer): Promise<void> {
    const pauseMs = writer.keys.length === 1 ? SINGLE_PAUSE_MS : BATCH_PAUSE_MS;
    while (!this.stopping.signal.aborted) {
      await this.deliver(writer, this.next(writer));
      await sleep(pauseMs);
    }
  }

  private next({ keys, ofEach }: Writer): LoadEvent[] {
    return Array.from({ length: keys.length * ofEach }, (_, i) => {
      const subject = keys[i % keys.length]!;
      return { id: `${subject}.${this.count++}`, source: this.source, subject };
    });
  }

  /** Until every one of them is acknowledged. */
  private async deliver(writer: Writer, events: readonly LoadEvent[]): Promise<void> {
    for (const { id, subject } of events) this.journal.send(id, subject);
    for (let open = await this.attempt(writer, events); open.length > 0; ) {
      await sleep(RETRY_PAUSE_MS, undefined, { signal: this.broken.signal });
      open = await this.attempt(writer, open);
    }
  }

  /** Answers those that must be sent again. */
  private async attempt(writer: Writer, events: readonly LoadEvent[]): Promise<readonly LoadEvent[]> {
    const ids = events.map(({ id }) => id);
    try {
      return this.note(events, await this.post(writer, bodyOf(writer.mediaType, events)));
    } catch (error) {
      this.broken.signal.throwIfAborted();
      const cause = lossOf(error);
      if (cause === undefined) throw error;
      this.journal.refuse(ids, cause);
      return events;
    }
  }

  private async post({ mediaType, patienceMs }: Writer, body: string): Promise<Reply> {
    const { edgeUrl, token, stream } = this.target;
    const patience = AbortSignal.timeout(patienceMs);
    const answer = await request(`${edgeUrl}/v1/streams/${stream}/events`, {
      method: 'POST',
      dispatcher: this.agent,
      headers: { authorization: `Bearer ${token}`, 'content-type': mediaType },
      body,
      signal: AbortSignal.any([patience, this.broken.signal]),
    });
    return (await answer.body.json()) as Reply;
  }

  private note(events: readonly LoadEvent[], { code, results }: Reply): LoadEvent[] {
    if (results === undefined) {
      this.refuse(
        events.map(({ id }) => id),
        code,
      );
      return [...events];
    }
    const stored: Result[] = [];
    const open: LoadEvent[] = [];
    for (const [i, result] of results.entries()) {
      if (result.id !== events[i]?.id)
        throw new Error(`result ${i} is of ${result.id}, not ${events[i]?.id}`);
      if (result.status !== 'error') stored.push(result);
      else {
        this.refuse([result.id], result.error.code);
        open.push(events[i]);
      }
    }
    this.journal.acknowledge(stored);
    return open;
  }

  private refuse(ids: readonly string[], code: string | undefined): void {
    if (code === undefined || !PASSING.has(code)) throw new Error(`${ids.join(', ')} refused as ${code}`);
    this.journal.refuse(ids, code);
  }
}

function bodyOf(mediaType: string, events: readonly LoadEvent[]): string {
  const whole = events.map((event) => ({ specversion: '1.0', type: 'load', ...event }));
  if (mediaType === 'application/cloudevents+json') return JSON.stringify(whole[0]);
  if (mediaType === 'application/x-ndjson') return whole.map((event) => JSON.stringify(event)).join('\n');
  return JSON.stringify(whole);
}

/** How an answer was lost; undefined for an error that is none of that. */
function lossOf(error: unknown): string | undefined {
  const { name, code } = error as { name?: string; code?: string };
  if (name === 'TimeoutError') return 'timeout';
  if (error instanceof errors.SocketError || code === 'ECONNREFUSED' || code === 'ECONNRESET')
    return 'connection';
  return undefined;
}
