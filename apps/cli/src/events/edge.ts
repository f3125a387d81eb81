/**
 * The client library as the commands use it: over connections of the package undici, which are kept open, bounded in what
 * they take in, and closed with the command.
 */
import { connect, type Fetch, type Foreshard, ForeshardError, type Hooks } from '@foreshard/client/source';
import { Agent, request } from 'undici';
import type { EdgeAccess } from '../credentials.ts';
import { badInput, CommandFailure, EXIT_FAILURE } from '../failure.ts';

export interface Edge extends Foreshard {
  close(): Promise<void>;
}

/** An edge under load answers late, but it answers; a network that is cut does not. */
const ANSWER_TIMEOUT_MS = 60_000;
/** The edge ends a page at 16 MB of events; JSON makes more of them. */
const ANSWER_BYTES_MAX = 100_000_000;
const KEEP_ALIVE_MS = 60_000;
/** statuses that have no body */
const EMPTY = new Set([204, 304]);

export function openEdge({ edgeUrl: url, token }: EdgeAccess, connections: number, hooks: Hooks = {}): Edge {
  const agent = new Agent({
    connections,
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
    maxResponseSize: ANSWER_BYTES_MAX,
  });
  const foreshard = connect({ url, token, hooks, fetch: fetchBy(agent), timeoutMs: ANSWER_TIMEOUT_MS });
  return { ...foreshard, close: () => agent.destroy() };
}

/** Whole answers: the commands follow by pages. */
function fetchBy(dispatcher: Agent): Fetch {
  return async (url, { method, headers, body, signal }) => {
    const answer = await request(url, {
      ...{ dispatcher, method: method === 'POST' ? 'POST' : 'GET' },
      headers: headers as Record<string, string>,
      ...(typeof body === 'string' ? { body } : {}),
      ...(signal === undefined || signal === null ? {} : { signal }),
    }).catch((cause: unknown) => {
      throw new TypeError('fetch failed', { cause });
    });
    const bytes = await answer.body.arrayBuffer().catch((cause: unknown) => {
      throw new TypeError('fetch failed', { cause });
    });
    const retryAfter = answer.headers['retry-after'];
    return new Response(EMPTY.has(answer.statusCode) ? null : bytes, {
      status: answer.statusCode,
      headers: typeof retryAfter === 'string' ? { 'retry-after': retryAfter } : {},
    });
  };
}

/** Why something has to wait, for people. */
export function reasonOf({ status, message, isOfEvent }: ForeshardError): string {
  return status === undefined || isOfEvent ? message : `the edge answers ${status}: ${message}`;
}

/** What the edge refuses ends a command, with the exit code of wrong input where repeating it will not help. */
export function asFailure(error: unknown): unknown {
  if (!(error instanceof ForeshardError)) return error;
  const { status, cure, code, problem } = error;
  const message = `${reasonOf(error)}${cure === undefined ? '' : ` (${cure})`}`;
  const options = problem === undefined ? {} : { document: { code, detail: error.message, cure } };
  const isWrong = status === 400 || status === 401 || status === 404;
  return isWrong ? badInput(message, options) : new CommandFailure(message, EXIT_FAILURE, options);
}
