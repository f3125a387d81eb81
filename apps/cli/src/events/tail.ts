/** foreshard tail: follows the log of a stream, or the events of one key. */
import { setTimeout as sleep } from 'node:timers/promises';
import { edgeAccess } from '../credentials.ts';
import { interruptible } from '../interrupt.ts';
import { note, print } from '../output.ts';
import { EdgeClient, type LogEvent, type LogPage, Unavailable } from './edge-client.ts';
import { eventLine } from './event-line.ts';

export interface TailOptions {
  readonly stream: string;
  readonly key?: string;
  readonly from: string;
  readonly limit?: number;
  readonly utc?: boolean;
  readonly json?: boolean;
}

/** Below the time limits of most proxies. */
const WAIT_MS = 20_000;
const PAGE_EVENTS_MAX = 1_000;
const RETRY_PAUSE_MS = 1_000;

export async function tail(options: TailOptions): Promise<void> {
  const client = new EdgeClient(edgeAccess(), 1);
  const lineOf = (event: LogEvent): string =>
    options.json === true ? JSON.stringify(event) : eventLine(event, options.utc === true);
  const show = (events: readonly LogEvent[]): Promise<boolean> =>
    print(events.map((event) => `${lineOf(event)}\n`).join(''));
  try {
    const next = await interruptible((signal) => follow(client, options, { show, note, signal }));
    note(`go on with --from ${next}`);
  } finally {
    await client.close();
  }
}

interface TailParts {
  /** answers false when nobody looks any more */
  readonly show: (events: readonly LogEvent[]) => Promise<boolean>;
  readonly note: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Until `limit` events are printed or the signal comes; answers the cursor to go on with. */
export async function follow(
  client: Pick<EdgeClient, 'log'>,
  { stream, key, from, limit = Number.POSITIVE_INFINITY }: TailOptions,
  { show, note, signal }: TailParts,
): Promise<string> {
  let next = from;
  let noted = '';
  for (let printed = 0; printed < limit && !signal.aborted; ) {
    const wanted = Math.min(PAGE_EVENTS_MAX, limit - printed);
    const page = await client
      // "now" is found first, without waiting: asked again after a failure it would be later
      .log({ stream, key, from: next, limit: wanted, waitMs: next === 'now' ? 0 : WAIT_MS }, signal)
      .catch((error: unknown) => retriable(error, signal));
    const remark = typeof page === 'string' ? page : remarkOf(page);
    if (remark !== '' && remark !== noted) note(remark);
    noted = remark;
    if (typeof page === 'string') {
      await sleep(RETRY_PAUSE_MS, undefined, { signal }).catch(() => {});
      continue;
    }
    for (const line of gapLines(page)) note(line);
    printed += page.events.length;
    next = page.next;
    if (page.events.length > 0 && !(await show(page.events))) break;
  }
  return next;
}

/** Why there is no page now, as a remark. */
function retriable(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return '';
  if (error instanceof Unavailable) return `waiting: ${error.message}`;
  throw error;
}

/** What the reader misses. The edge reports each gap once, with the events that follow it. */
function gapLines({ lost = [], trimmed = [] }: LogPage): string[] {
  return [
    ...lost.map(
      ({ shardlet, seq }) =>
        `shardlet ${shardlet}: its host lost events from seq ${seq + 1} on. Events read there before may be gone, and new events get their numbers`,
    ),
    ...trimmed.map(
      ({ shardlet, firstSeq }) =>
        `shardlet ${shardlet}: retention removed events before seq ${firstSeq} before they were read`,
    ),
  ];
}

function remarkOf({ waitingFor = [] }: LogPage): string {
  if (waitingFor.length === 0) return '';
  return `the log waits for ${waitingFor.map(({ host, name }) => name ?? `host ${host}`).join(', ')}`;
}
