/**
 * A member that is fed: polls for it again and again, each time after what was already sent and is not
 * committed, and sends batches as server-sent events. A client that reads slowly is polled for slowly.
 */
import { type Caller, type GroupService, type Held, isRefused, type Poll } from '@foreshard/core/consuming';
import { batchJson } from './batch-json.ts';

export interface GroupStreamParts {
  readonly service: GroupService;
  readonly group: string;
  readonly caller: Caller;
  readonly stream: string;
  readonly closing: AbortSignal;
  readonly mayGoOn: () => boolean;
  readonly polled: (poll: Poll) => void;
}

const LIMIT = 500;
const HEARTBEAT_MS = 15_000;

/** What was sent in an assignment; with another one it begins at the checkpoint again. */
type Sent = Map<number, { readonly assignment: number; readonly through: number }>;

export function groupStream(parts: GroupStreamParts, first: Poll): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const gone = new AbortController();
  const either = AbortSignal.any([gone.signal, parts.closing]);
  const sent: Sent = new Map();
  let next: Poll | undefined = first;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const text = await nextText(parts, sent, next, either);
        next = undefined;
        if (text === undefined) controller.close();
        else controller.enqueue(encoder.encode(text));
      },
      cancel: () => gone.abort(),
    },
    { highWaterMark: 0 },
  );
}

/** Undefined when the stream ends. */
async function nextText(
  { service, group, caller, stream, mayGoOn, polled }: GroupStreamParts,
  sent: Sent,
  first: Poll | undefined,
  ended: AbortSignal,
): Promise<string | undefined> {
  let poll = first;
  if (ended.aborted || !mayGoOn()) return undefined;
  if (poll === undefined) {
    const waiting = { waitMs: HEARTBEAT_MS, signal: ended, goesOn: mayGoOn };
    const reply = await service.poll(group, { ...caller, ...waiting, limit: LIMIT, after: held(sent) });
    // the group was removed, or the member is another's now: whoever comes back is told why
    if (isRefused(reply)) return undefined;
    poll = reply;
  }
  polled(poll);
  forgetCommitted(sent, poll);
  for (const b of poll.batches) sent.set(b.shardlet.id, b);
  if (poll.batches.length > 0)
    return poll.batches.map((b) => `event: batch\ndata: ${batchJson(stream, b)}\n\n`).join('');
  return ended.aborted || !mayGoOn() ? undefined : ': still here\n\n';
}

function held(sent: Sent): Map<number, Held> {
  return new Map(
    [...sent].map(([shardlet, { through: seq, assignment }]) => [shardlet, { seq, assignment }]),
  );
}

function forgetCommitted(sent: Sent, { assigned }: Poll): void {
  if (sent.size === 0) return;
  const known = new Map(assigned.map((c) => [c.shardlet, c]));
  for (const [shardlet, { assignment, through }] of sent) {
    const now = known.get(shardlet);
    if (now === undefined || now.assignment !== assignment || now.seq >= through) sent.delete(shardlet);
  }
}
