/** Readers as they are in the world: pages from cursor to cursor, and from the last cursor again after a failure. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { LogEntry } from './check.ts';
import type { Target } from './load.ts';

export interface LogPage {
  readonly events: readonly LogEntry[];
  readonly next: string;
  readonly atHead: boolean;
  /** hosts that hold the log back */
  readonly waitingFor?: readonly { readonly host: number; readonly name: string }[];
}

export interface Drained {
  readonly entries: readonly LogEntry[];
  /** where the pages began: the cursor and how many entries lie before it */
  readonly places: readonly { readonly cursor: string; readonly before: number }[];
}

const LOG = 'log';
const PAGE_LIMIT = 2_000;
const ANSWER_WITHIN_MS = 40_000;
const RETRY_PAUSE_MS = 100;
/** some 100,000 events, on a busy machine */
const DRAIN_WITHIN_MS = 30_000;
/** how long the page at the end waits for an event: what was acknowledged before is then in the log */
const END_WAIT_MS = 500;

export class Reader {
  private readonly target: Target;
  private readonly agent = new Agent({ connections: 4 });

  constructor(target: Target) {
    this.target = target;
  }

  async page(
    path: string,
    from: string,
    options: { limit?: number; waitMs?: number } = {},
  ): Promise<LogPage> {
    const { edgeUrl, token, stream } = this.target;
    const { limit = PAGE_LIMIT, waitMs = 0 } = options;
    const query = new URLSearchParams({ from, limit: String(limit), wait: String(waitMs) });
    const answer = await request(`${edgeUrl}/v1/streams/${stream}/${path}?${query}`, {
      dispatcher: this.agent,
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    const body = await answer.body.json();
    if (answer.statusCode !== 200) throw new Error(`${path} answered ${JSON.stringify(body)}`);
    return body as LogPage;
  }

  log(from: string, options: { limit?: number; waitMs?: number } = {}): Promise<LogPage> {
    return this.page(LOG, from, options);
  }

  /** All there is from this cursor on. A disk that stalls may hold the log up for a moment. */
  drainLog(from = 'oldest'): Promise<Drained> {
    return this.drain(LOG, from, END_WAIT_MS);
  }

  async eventsOfKey(key: string): Promise<readonly LogEntry[]> {
    return (await this.drain(`keys/${encodeURIComponent(key)}/events`, 'oldest', 0)).entries;
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }

  private async drain(path: string, from: string, waitMs: number): Promise<Drained> {
    const entries: LogEntry[] = [];
    const places: { cursor: string; before: number }[] = [];
    const deadline = Date.now() + DRAIN_WITHIN_MS;
    for (let cursor = from; ; ) {
      places.push({ cursor, before: entries.length });
      const { events, next, atHead, waitingFor = [] } = await this.page(path, cursor, { waitMs });
      for (const entry of events) entries.push(entry);
      if (atHead && events.length === 0 && waitingFor.length === 0) return { entries, places };
      if (Date.now() > deadline)
        throw new Error(`${path} has no end; it waits for [${waitingFor.map(({ name }) => name)}]`);
      cursor = next;
    }
  }
}

/** Follows the log from its beginning while faults happen, and keeps whatever it was given. */
export class Follower {
  readonly entries: LogEntry[] = [];
  /** the hosts that the log has waited for meanwhile, by name */
  readonly waitedFor = new Set<string>();
  failures = 0;
  private readonly reader: Reader;
  private readonly running: Promise<void>;
  private cursor = 'oldest';
  private stopping = false;

  constructor(target: Target) {
    this.reader = new Reader(target);
    this.running = this.follow();
  }

  /** After the end of the log has come. */
  async finish(): Promise<readonly LogEntry[]> {
    this.stopping = true;
    await this.running;
    const rest = await this.reader.drainLog(this.cursor);
    await this.reader.close();
    return [...this.entries, ...rest.entries];
  }

  private async follow(): Promise<void> {
    while (!this.stopping) {
      try {
        const page = await this.reader.log(this.cursor, { waitMs: END_WAIT_MS });
        this.cursor = page.next;
        for (const entry of page.events) this.entries.push(entry);
        for (const { name } of page.waitingFor ?? []) this.waitedFor.add(name);
      } catch {
        this.failures++;
        await sleep(RETRY_PAUSE_MS);
      }
    }
  }
}
