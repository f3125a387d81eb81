/** foreshard tail: follows the log of a stream, or the events of one key. */
import type { ForeshardError, Page, Reader, StoredEvent } from '@foreshard/client/source';
import { edgeAccess } from '../credentials.ts';
import { interruptible } from '../interrupt.ts';
import { note, print } from '../output.ts';
import { asFailure, openEdge, reasonOf } from './edge.ts';
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

export async function tail(options: TailOptions): Promise<void> {
  const edge = openEdge(edgeAccess(), 1);
  const lineOf = (event: StoredEvent): string =>
    options.json === true ? JSON.stringify(event) : eventLine(event, options.utc === true);
  const show = (events: readonly StoredEvent[]): Promise<boolean> =>
    print(events.map((event) => `${lineOf(event)}\n`).join(''));
  try {
    const next = await interruptible((signal) => follow(edge.reader(), options, { show, note, signal }));
    note(`go on with --from ${next}`);
  } finally {
    await edge.close();
  }
}

interface TailParts {
  /** answers false when nobody looks any more */
  readonly show: (events: readonly StoredEvent[]) => Promise<boolean>;
  readonly note: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Until `limit` events are printed or the signal comes; answers the cursor to go on with. @throws CommandFailure */
export async function follow(
  reader: Pick<Reader, 'pages'>,
  { stream, key, from, limit: eventsMax }: TailOptions,
  { show, note, signal }: TailParts,
): Promise<string> {
  let next = from;
  let noted = '';
  const remark = (text: string): void => {
    if (text !== '' && text !== noted) note(text);
    noted = text;
  };
  const onWaiting = (error: ForeshardError): void => remark(`waiting: ${reasonOf(error)}`);
  const asked = { stream, key, from, eventsMax, limit: PAGE_EVENTS_MAX, waitMs: WAIT_MS };
  try {
    for await (const page of reader.pages({ ...asked, signal, onWaiting })) {
      remark(remarkOf(page));
      for (const line of gapLines(page)) note(line);
      next = page.next;
      if (page.events.length > 0 && !(await show(page.events))) break;
    }
  } catch (error) {
    throw asFailure(error);
  }
  return next;
}

/** What the reader misses. The edge reports each gap once, with the events that follow it. */
function gapLines({ lost = [], trimmed = [] }: Page): string[] {
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

function remarkOf({ waitingFor = [] }: Page): string {
  if (waitingFor.length === 0) return '';
  return `the log waits for ${waitingFor.map(({ host, name }) => name ?? `host ${host}`).join(', ')}`;
}
