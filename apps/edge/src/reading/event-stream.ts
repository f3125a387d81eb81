/**
 * Follows a log as server-sent events. Every event carries as `id` the cursor after it, so a client that
 * comes back, to this edge or another, goes on exactly there. A page is read only when the client has taken
 * the last one: a slow reader costs the memory of one small page, and a fast one is as fast as the log.
 */
import { EVENT_STREAM } from '@foreshard/core/operations';
import { whilePermitted } from '../api/index.ts';
import { type PlacedRecord, recordJson } from './page-body.ts';

export interface FollowedPage {
  readonly stream: string;
  readonly records: readonly PlacedRecord[];
  /** of `records`, the first that come after their place */
  readonly late: number;
  /** the cursor after a record; undefined where only the whole page has one */
  readonly idAfter: (record: PlacedRecord) => string | undefined;
  readonly next: string;
  readonly atHead: boolean;
  /** what the reader should know beside the events */
  readonly remarks: Readonly<Record<string, unknown>>;
}

export interface Following {
  /** Waits so long for events when there are none. */
  read(from: string | undefined, waitMs: number, signal: AbortSignal): Promise<FollowedPage>;
  readonly from: string | undefined;
  /** the edge is told to end */
  readonly closing: AbortSignal;
  /** asked every second and before every page: a token may be revoked */
  readonly mayGoOn: () => boolean;
  readonly onEnd: () => void;
}

/** Of one read: what a slow reader holds of the edge's memory, beside one event of any size. */
export const FOLLOWED_PAGE = { limit: 500, bytesMax: 262_144 } as const;
/** how soon a client comes back; the end of a drained edge should not be felt */
const RETRY_MS = 1_000;
/** Proxies cut connections that are silent for a minute; many for less. */
const HEARTBEAT_MS = 15_000;

/** @throws ForeshardError as long as nothing was answered: what the first read throws */
export async function eventStream(following: Following): Promise<Response> {
  const { onEnd, closing } = following;
  const gone = new AbortController();
  const text = new StreamText();
  let page = await following.read(following.from, 0, gone.signal).catch((error: unknown) => {
    onEnd();
    throw error;
  });
  let isFirst = true;
  let isOver = false;
  let stopLooking = () => {};
  const over = () => {
    stopLooking();
    onEnd();
  };
  const end = (controller: ReadableStreamDefaultController) => {
    if (isOver) return;
    isOver = true;
    over();
    controller.close();
  };
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        stopLooking = whilePermitted(following.mayGoOn, () => {
          gone.abort();
          end(controller);
        });
      },
      async pull(controller) {
        if (!isFirst) {
          if (closing.aborted || !following.mayGoOn()) return end(controller);
          page = await following.read(page.next, HEARTBEAT_MS, gone.signal).catch((error: unknown) => {
            if (!isOver) throw error;
            return page;
          });
        }
        isFirst = false;
        if (!isOver) controller.enqueue(text.of(page));
      },
      cancel() {
        gone.abort();
        over();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: EVENT_STREAM_HEADERS });
}

export const EVENT_STREAM_HEADERS = {
  'content-type': `${EVENT_STREAM}; charset=utf-8`,
  'cache-control': 'no-store',
  // asks nginx not to gather the answer
  'x-accel-buffering': 'no',
};

/** Knows what was told already. */
class StreamText {
  private head = `retry: ${RETRY_MS}\n\n`;
  private wasAtHead = false;
  private remarks = '';
  private lost = '';

  of(page: FollowedPage): Buffer<ArrayBuffer> {
    const lost = lostText(page.remarks);
    // a page that brought nothing else is told again until there is a cursor behind it
    const isNews = lost !== this.lost;
    this.lost = lost;
    const pieces: Uint8Array[] = [Buffer.from(this.head + (isNews ? lost : ''))];
    this.head = '';
    for (const [i, record] of page.records.entries()) {
      const id = page.idAfter(record);
      pieces.push(
        Buffer.from(id === undefined ? 'data: ' : `id: ${id}\ndata: `),
        recordJson(page.stream, record, i < page.late),
        END,
      );
    }
    const position = this.positionText(page, isNews);
    if (position !== '') pieces.push(Buffer.from(position));
    else if (page.records.length === 0) pieces.push(HEARTBEAT);
    return Buffer.concat(pieces);
  }

  /** Told at first, when the reader has caught up for the first time, and when there is something new. */
  private positionText({ next, atHead, remarks, records, idAfter }: FollowedPage, isLoss: boolean): string {
    const { lost, ...others } = remarks;
    const said = JSON.stringify(others);
    const last = records.at(-1);
    const needsId = last !== undefined && idAfter(last) === undefined;
    const isNews = said !== this.remarks || (atHead && !this.wasAtHead) || (lost !== undefined && isLoss);
    this.wasAtHead ||= atHead;
    this.remarks = said;
    if (!isNews && !needsId) return '';
    return `event: position\nid: ${next}\ndata: ${JSON.stringify({ next, atHead, ...others })}\n\n`;
  }
}

/**
 * Before the events that follow the loss. Without an id: who is cut off behind it comes back from before it,
 * and is told again.
 */
function lostText({ lost }: FollowedPage['remarks']): string {
  return lost === undefined ? '' : `event: lost\ndata: ${JSON.stringify({ lost })}\n\n`;
}

const END = Buffer.from('\n\n');
const HEARTBEAT = Buffer.from(': heartbeat\n\n');
