/** Puts clusters that are not ours on the API. */

import { LOAD_LENGTH_MAX } from '@foreshard/core/external';
import { judged } from '@foreshard/core/operations';
import type { Context } from 'hono';
import type { Api } from '../api/index.ts';
import type { ByteBudget } from '../http/byte-budget.ts';
import { checkedJsonBody, mediaTypeOf, withTextBody } from '../http/json-body.ts';
import type { ClusterOrders } from './cluster-orders.ts';
import * as operations from './operations.ts';
import { changeSchema, newClusterSchema, newLoadSchema } from './schemas.ts';

export { ClusterOrders, type ClusterParts } from './cluster-orders.ts';
export * from './schemas.ts';

export interface ClusterMount {
  readonly orders: ClusterOrders;
  readonly budget: ByteBudget;
  /** of a token that was let in */
  readonly actorOf: (authorization: string | undefined) => string;
}

/** Load as JSON has an escape before the end of each line. */
const JSON_BYTES_MAX = 2 * LOAD_LENGTH_MAX;
const CSV = 'text/csv';

export function mountClusters(api: Api, { orders, budget, actorOf }: ClusterMount): void {
  const by = (c: Context) => actorOf(c.req.header('authorization'));
  const csv = { bytesMax: LOAD_LENGTH_MAX, budget };
  const json = { bytesMax: JSON_BYTES_MAX, budget };
  api.mount(operations.listClusters, async ({ c }) => c.json(await orders.list()));
  api.mount(operations.readCluster, async ({ c, params: { name } }) => c.json(await orders.show(name)));
  api.mount(operations.addCluster, async ({ c, params: { name }, query }) => {
    if (mediaTypeOf(c) === CSV)
      return withTextBody(c, CSV, csv, async (load) => {
        const order = judged(newClusterSchema, { ...query, load }, 'invalid_record');
        return c.json(await orders.add(name, order, by(c), 'body'), 201);
      });
    const order = await checkedJsonBody(c, json, newClusterSchema);
    return c.json(await orders.add(name, order, by(c), 'member'), 201);
  });
  api.mount(operations.importLoad, ({ c, params: { name }, query }) =>
    withTextBody(c, CSV, csv, async (load) => {
      const order = judged(newLoadSchema, { ...query, load }, 'invalid_record');
      return c.json(await orders.importLoad(name, order, by(c), 'body'));
    }),
  );
  api.mount(operations.changeCluster, async ({ c, params: { name } }) =>
    c.json(await orders.change(name, await checkedJsonBody(c, json, changeSchema))),
  );
  api.mount(operations.removeCluster, async ({ c, params: { name } }) =>
    c.json(await orders.remove(name, by(c))),
  );
  api.mount(operations.planCluster, async ({ c, params: { name }, query: { state } }) =>
    c.json(await orders.plan(name, state)),
  );
}
