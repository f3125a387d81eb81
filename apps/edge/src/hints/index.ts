/** Puts hints on the API. */
import { hintRequestSchema } from '@foreshard/core/hints';
import type { Api } from '../api/index.ts';
import type { ByteBudget } from '../http/byte-budget.ts';
import { checkedJsonBody } from '../http/json-body.ts';
import type { HintDesk } from './hint-desk.ts';
import { addHint, listHints, removeHint } from './operations.ts';

export { HintDesk } from './hint-desk.ts';
export { hintSchema, hintsSchema } from './operations.ts';

export interface HintParts {
  readonly desk: HintDesk;
  readonly budget: ByteBudget;
  /** of a token that was let in */
  readonly actorOf: (authorization: string | undefined) => string;
}

const BODY_BYTES_MAX = 262_144;

export function mountHints(api: Api, { desk, budget, actorOf }: HintParts): void {
  api.mount(addHint, async ({ c }) => {
    const request = await checkedJsonBody(c, { bytesMax: BODY_BYTES_MAX, budget }, hintRequestSchema);
    const hint = await desk.add(request, actorOf(c.req.header('authorization')));
    c.header('location', `/v1/hints/${hint.id}`);
    return c.json(hint, 201);
  });
  api.mount(listHints, async ({ c }) => c.json({ hints: await desk.list() }));
  api.mount(removeHint, async ({ c, params: { id } }) => {
    await desk.remove(id, actorOf(c.req.header('authorization')));
    return c.body(null, 204);
  });
}
