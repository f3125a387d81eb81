/** One request of events; one larger than the edge takes is sent in halves. */
import { type Edges, problemOf } from '../edge/edges.ts';
import { ForeshardError } from '../edge/errors.ts';
import type { EventResult } from '../events.ts';

export interface PostReply {
  /** one an event, in order */
  readonly results: readonly EventResult[];
  readonly retryAfterMs: number | undefined;
}

export type EventPost = (lines: readonly string[]) => Promise<PostReply>;

const TOO_LARGE = 413;

/** @throws ForeshardError when nothing is known of the events, or none was looked at */
export function eventPost(edges: Edges, stream: string, ended: AbortSignal): EventPost {
  const path = `/v1/streams/${encodeURIComponent(stream)}/events`;
  return async function post(lines): Promise<PostReply> {
    const end = edges.watch.batch({ kind: 'send', stream, events: lines.length });
    try {
      const reply = await edges.ask({
        ...{ method: 'POST', path, signal: ended },
        ...{ contentType: 'application/x-ndjson', body: lines.join('\n') },
      });
      const { retryAfterMs, status, body } = reply;
      if (Array.isArray(body?.results) && body.results.length === lines.length) {
        end(status === 200 ? {} : { error: problemOf(reply) });
        return { results: body.results, retryAfterMs };
      }
      const problem =
        status < 300
          ? new ForeshardError('not_an_edge', 'an answer without a result for each event', { status })
          : problemOf(reply);
      end({ error: problem });
      if (status !== TOO_LARGE) throw problem;
      if (lines.length === 1) return { results: [tooLarge(stream, problem)], retryAfterMs };
    } catch (error) {
      end({ error });
      throw error;
    }
    const middle = Math.ceil(lines.length / 2);
    const before = await post(lines.slice(0, middle));
    return joined(before, await post(lines.slice(middle)).catch((error) => notNow(error, lines, middle)));
  };

  /** The first half is known: what is not known of the second is asked again. */
  function notNow(error: unknown, lines: readonly string[], middle: number): PostReply {
    if (!(error instanceof ForeshardError) || !error.isPassing) throw error;
    const { code, message: detail, retryAfterMs } = error;
    const status = error.status ?? 503;
    const result: EventResult = { id: null, status: 'error', stream, error: { code, status, detail } };
    return { results: lines.slice(middle).map(() => result), retryAfterMs };
  }
}

function joined(a: PostReply, b: PostReply): PostReply {
  const waits = [a.retryAfterMs, b.retryAfterMs].filter((ms) => ms !== undefined);
  return {
    results: [...a.results, ...b.results],
    retryAfterMs: waits.length === 0 ? undefined : Math.max(...waits),
  };
}

/** An event that is larger than a whole request may be: it alone is refused. */
function tooLarge(stream: string, { code, message }: ForeshardError): EventResult {
  const detail = `the event is larger than a request may be: ${message}`;
  return { id: null, status: 'error', stream, error: { code, status: TOO_LARGE, detail } };
}
