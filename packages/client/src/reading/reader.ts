/** Reads the log of a stream in its one global order, or the events of one key; by pages, or as they come. */
import { type Edges, problemOf } from '../edge/edges.ts';
import { ForeshardError } from '../edge/errors.ts';
import { pauseAfter, retrying } from '../edge/retrying.ts';
import { type ServerSentEvent, serverSentEvents } from '../edge/server-sent-events.ts';
import { sleep } from '../edge/waiting.ts';
import { type ReadItem, Remarking } from './items.ts';
import { type Page, type PageRequest, pageOf, pathOf, type Source } from './pages.ts';

export interface ReadOptions extends Source {
  readonly signal?: AbortSignal | undefined;
  /** how long nothing may be readable before it ends with an error; 120 s for `read`, for ever for `pages` and `follow` */
  readonly patienceMs?: number | undefined;
  /** once when the edges cannot be reached, until they can */
  readonly onWaiting?: ((error: ForeshardError) => void) | undefined;
}

export interface PagesOptions extends ReadOptions {
  /** events of a page: 1 to 10,000; 1,000 */
  readonly limit?: number | undefined;
  /** how long an empty page waits for events; 20,000 */
  readonly waitMs?: number | undefined;
  /** ends after so many events, with the page that has the last one */
  readonly eventsMax?: number | undefined;
}

const PATIENCE_MS = 120_000;
const PAGE_EVENTS = 1_000;
/** Below the time limits of most proxies. */
const WAIT_MS = 20_000;
/** An edge sends a comment every 15 s. */
const SILENCE_MS = 40_000;
const EVENT_STREAM = 'text/event-stream';

export class Reader {
  private readonly edges: Edges;

  constructor(edges: Edges) {
    this.edges = edges;
  }

  /** One page, asked for once. @throws ForeshardError */
  page(request: PageRequest = {}): Promise<Page> {
    return pageOf(this.edges, request);
  }

  /** Pages, also empty ones, until the signal is aborted or `eventsMax` is reached; each waits for events. */
  async *pages(options: PagesOptions = {}): AsyncGenerator<Page> {
    const { signal, patienceMs, onWaiting, waitMs = WAIT_MS, ...others } = options;
    const { eventsMax = Number.POSITIVE_INFINITY, limit = PAGE_EVENTS, ...request } = others;
    const patience = { what: 'read', signal, patienceMs, onWaiting };
    let { from } = request;
    for (let left = eventsMax; left > 0 && !isOff(signal); ) {
      // "now" is found first, without waiting: asked again after a failure it would be later
      const more = { waitMs: from === 'now' ? 0 : waitMs, limit: Math.min(limit, left) };
      const asked = { ...request, ...more, from, signal };
      const page = await retrying(this.edges, patience, () => this.page(asked)).catch((error) => {
        if (signal?.aborted !== true) throw error;
        return undefined;
      });
      if (page === undefined) return;
      from = page.next;
      left -= page.events.length;
      yield page;
    }
  }

  /** Everything up to the head, as it is when the reader comes there; then it ends. */
  async *read({ patienceMs = PATIENCE_MS, ...options }: ReadOptions = {}): AsyncGenerator<ReadItem> {
    const remarking = new Remarking();
    for await (const page of this.pages({ ...options, patienceMs, waitMs: 0 })) {
      yield* itemsOf(page, remarking);
      if (page.atHead) return;
      // a host holds the log up
      if (page.events.length === 0) await sleep(500, options.signal).catch(() => {});
    }
  }

  /**
   * Events as they come, without an end, over one connection; where it breaks, it goes on behind the last item, at any edge.
   * The edge sends no faster than items are taken.
   */
  async *follow(options: ReadOptions = {}): AsyncGenerator<ReadItem> {
    const { signal, patienceMs = Number.POSITIVE_INFINITY, onWaiting, ...source } = options;
    const remarking = new Remarking();
    let from = source.from;
    if (from === 'now') {
      const patience = { what: 'follow', signal, patienceMs, onWaiting };
      const request = { ...source, limit: 1, signal };
      const page = await retrying(this.edges, patience, () => this.page(request)).catch((error) => {
        if (signal?.aborted !== true) throw error;
        return undefined;
      });
      if (page === undefined) return;
      from = page.next;
    }
    let progressMs = performance.now();
    for (let attempt = 0; signal?.aborted !== true; ) {
      try {
        for await (const item of this.connection({ ...source, from }, remarking, signal)) {
          if ('cursor' in item && item.cursor !== undefined) from = item.cursor;
          [attempt, progressMs] = [0, performance.now()];
          yield item;
        }
        // the edge has ended it: it is stopping
        if (attempt++ > 0) await sleep(1_000, signal);
      } catch (error) {
        if (isOff(signal)) return;
        if (!(error instanceof ForeshardError) || !error.isPassing) throw error;
        const pauseMs = pauseAfter(this.edges, error, ++attempt);
        if (performance.now() - progressMs + pauseMs > patienceMs) throw error;
        if (attempt === 1) onWaiting?.(error);
        this.edges.watch.retry({ what: 'follow', attempt, pauseMs, error });
        await sleep(pauseMs, signal).catch(() => {});
      }
    }
  }

  private async *connection(
    source: Source,
    remarking: Remarking,
    signal?: AbortSignal,
  ): AsyncGenerator<ReadItem> {
    const { response, limits, url } = await this.edges.open({
      ...{ method: 'GET', path: pathOf(source, {}), accept: EVENT_STREAM, signal },
    });
    limits.untimed();
    let silence: ReturnType<typeof setTimeout> | undefined;
    const listen = (): void => {
      clearTimeout(silence);
      silence = setTimeout(() => limits.abort(SILENT), SILENCE_MS);
    };
    try {
      if (response.status !== 200 || response.body === null) throw await problemIn(response);
      listen();
      for await (const event of serverSentEvents(response.body)) {
        clearTimeout(silence);
        yield* itemsIn(event, remarking);
        // only what the edge does not send is silence, not what the caller takes its time for
        listen();
      }
    } catch (error) {
      if (signal?.aborted === true || error instanceof ForeshardError) throw error;
      this.edges.failed(url);
      throw new ForeshardError('unreachable', 'the stream broke', { edge: url, cause: error });
    } finally {
      clearTimeout(silence);
      limits.abort();
      limits.release();
    }
  }
}

/** Asked anew: it changes while others are waited for. */
function isOff(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

const SILENT = new Error('the edge is silent');

async function problemIn(response: Response): Promise<ForeshardError> {
  const text = await response.text();
  const { status } = response;
  const seconds = Number(response.headers.get('retry-after') ?? 'none');
  const retryAfterMs = Number.isNaN(seconds) ? undefined : seconds * 1_000;
  return problemOf({ status, retryAfterMs, size: text.length, body: parsed(text) });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function* itemsOf(page: Page, remarking: Remarking): Generator<ReadItem> {
  yield* remarking.before(page);
  for (const event of page.events) yield { kind: 'event', cursor: undefined, ...event };
  yield* remarking.after(page);
  yield { kind: 'position', cursor: page.next, atHead: page.atHead };
}

function* itemsIn({ name, id, data }: ServerSentEvent, remarking: Remarking): Generator<ReadItem> {
  if (name === 'message') yield { kind: 'event', cursor: id, ...JSON.parse(data) };
  else if (name === 'lost') yield* remarking.before(JSON.parse(data));
  else if (name === 'position') {
    const { next, atHead, ...remarks } = JSON.parse(data);
    yield* remarking.before(remarks);
    yield* remarking.after(remarks);
    yield { kind: 'position', cursor: next, atHead };
  }
}
