/** Puts hints on the API. They are control plane: no event waits for them, and they fail when PostgreSQL is away. */
import { randomUUID } from 'node:crypto';
import {
  type Hint,
  type HintRequest,
  type HintStore,
  hintOf,
  hintRequestSchema,
} from '@foreshard/core/hints';
import { ForeshardError } from '@foreshard/core/kernel';
import type { Context } from 'hono';
import type { Api } from '../api/index.ts';
import type { ByteBudget } from '../http/byte-budget.ts';
import { checkedJsonBody } from '../http/json-body.ts';
import { reachingStore } from '../http/reaching-store.ts';
import { addHint, listHints, removeHint } from './operations.ts';

export interface HintParts {
  readonly hints: Pick<HintStore, 'add' | 'list' | 'remove'>;
  readonly budget: ByteBudget;
  readonly isStream: (name: string) => boolean;
  /** of a token that was let in */
  readonly actorOf: (authorization: string | undefined) => string;
  readonly nowMs: () => number;
}

const BODY_BYTES_MAX = 262_144;

export function mountHints(api: Api, parts: HintParts): void {
  const { hints, actorOf, nowMs } = parts;
  api.mount(addHint, async ({ c }) => {
    const request = await requestOf(c, parts);
    const made = { id: randomUUID(), atMs: nowMs(), actor: actorOf(c.req.header('authorization')) };
    const hint = hintOf(request, made);
    await reaching(() => hints.add(hint));
    c.header('location', `/v1/hints/${hint.id}`);
    return c.json(documentOf(hint), 201);
  });
  api.mount(listHints, async ({ c }) =>
    c.json({ hints: (await reaching(() => hints.list())).map(documentOf) }),
  );
  api.mount(removeHint, async ({ c, params: { id } }) => {
    const actor = actorOf(c.req.header('authorization'));
    if (!(await reaching(() => hints.remove(id, actor, nowMs()))))
      throw new ForeshardError('not_found', `There is no hint ${id}.`);
    return c.body(null, 204);
  });
}

async function requestOf(c: Context, { budget, isStream }: HintParts): Promise<HintRequest> {
  const request = await checkedJsonBody(c, { bytesMax: BODY_BYTES_MAX, budget }, hintRequestSchema);
  if (!isStream(request.stream))
    throw new ForeshardError('unknown_stream', `There is no stream "${request.stream}".`, {
      pointer: '/stream',
    });
  return request;
}

function reaching<T>(call: () => Promise<T>): Promise<T> {
  return reachingStore('hints are kept', call);
}

function documentOf({ fromMs, toMs, createdMs, ...hint }: Omit<Hint, 'removedMs' | 'removedBy'>) {
  const { id, stream, factor, perSecond, scope, repeat, because, createdBy } = hint;
  const time = (ms: number) => new Date(ms).toISOString();
  return {
    ...{ id, stream, from: time(fromMs), to: time(toMs), factor, perSecond, scope, repeat, because },
    ...{ createdAt: time(createdMs), createdBy },
  };
}
