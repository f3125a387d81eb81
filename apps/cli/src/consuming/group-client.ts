/** A member of a consumer group at an edge, as a command is one. */
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from '../composition.ts';
import type { EdgeAccess } from '../credentials.ts';
import { badInput, CommandFailure } from '../failure.ts';

export interface GroupBatch {
  readonly shardlet: number;
  readonly assignment: number;
  readonly epoch: number;
  readonly through: number;
  readonly skipped: number;
  readonly events: readonly object[];
}

export interface GroupPoll {
  readonly version: number;
  readonly assigned: readonly { readonly shardlet: number; readonly revoking: boolean }[];
  readonly batches: readonly GroupBatch[];
}

interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what an edge answers is its contract, checked by its own tests
  readonly body: any;
}

/** Above the longest wait of a poll. */
const ANSWER_TIMEOUT_MS = 60_000;
/** The edge ends a poll at 16 MB of events; JSON makes more of them. */
const ANSWER_BYTES_MAX = 100_000_000;
const RETRY_PAUSE_MS = 1_000;
const CONFLICT = 409;

export class GroupClient {
  private readonly access: EdgeAccess;
  private readonly note: (text: string) => void;

  constructor(access: EdgeAccess, note: (text: string) => void) {
    this.access = access;
    this.note = note;
  }

  /** Also well when there is one of this name already. */
  async create(name: string, stream: string, from: string): Promise<void> {
    const reply = await this.ask('/v1/groups', { name, stream, from });
    if (reply.status !== CONFLICT || reply.body?.code !== 'conflict') expectDone(reply);
  }

  async poll(group: string, request: object, signal: AbortSignal): Promise<GroupPoll> {
    return expectDone(await this.ask(`/v1/groups/${group}/poll`, request, signal));
  }

  /** `false`: another member has some of the shardlets now, and processes these events again. */
  async commit(group: string, request: object): Promise<boolean> {
    const reply = await this.ask(`/v1/groups/${group}/commit`, request);
    if (reply.status === CONFLICT) return false;
    expectDone(reply);
    return true;
  }

  async leave(group: string, member: string): Promise<void> {
    await this.once(`/v1/groups/${group}/leave`, { member }).catch(() => {});
  }

  /** Again and again while the edge or its store is away; every call may be repeated. */
  private async ask(path: string, body?: object, signal?: AbortSignal): Promise<Reply> {
    for (let noted = false; ; noted = true) {
      const reply = await this.once(path, body, signal).catch((error: Error) => {
        if (signal?.aborted === true) throw error;
        return error.message;
      });
      if (typeof reply !== 'string' && reply.status < 500 && reply.status !== 429) return reply;
      if (!noted) this.note(`waiting: ${typeof reply === 'string' ? reply : reply.body?.detail}`);
      await sleep(RETRY_PAUSE_MS, undefined, { signal });
    }
  }

  private async once(path: string, body?: object, signal?: AbortSignal): Promise<Reply> {
    const { status, text } = await request(this.access.edgeUrl + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.access.token}`, 'content-type': 'application/json' },
      timeoutMs: ANSWER_TIMEOUT_MS,
      bytesMax: ANSWER_BYTES_MAX,
      signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status, body: text === '' ? undefined : JSON.parse(text) };
  }
}

function expectDone({ status, body }: Reply): Reply['body'] {
  if (status < 300) return body;
  const message = `the edge answers ${status}: ${body?.detail}${body?.cure === undefined ? '' : ` (${body.cure})`}`;
  throw status === 400 || status === 401 || status === 404 ? badInput(message) : new CommandFailure(message);
}
