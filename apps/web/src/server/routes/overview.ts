/** The live picture: one query for tools, one subscription for pages. */
import { setTimeout as sleep } from 'node:timers/promises';
import { OWN_CLUSTER } from '@foreshard/core/access';
import { obstacleTo } from '@foreshard/core/advising';
import { everyClusterSeen } from '@foreshard/core/operations/handlers';
import type { LiveFrame } from '../cluster/live-frame.ts';
import { standingOf } from '../cluster/standing.ts';
import { type LoadPoint, WINDOW_SECONDS } from '../load/load-window.ts';
import type { SampleStatus } from '../sample/sample-run.ts';
import { away, endingOf, query, router } from '../trpc.ts';

const FRAME_MS = 1_000;
/** More than anybody reads. */
const COUNTED_MAX = 1_000;

export interface LiveUpdate {
  readonly frame: LiveFrame;
  /** every second since the last update; the first update brings the whole window */
  readonly points: readonly LoadPoint[];
  readonly sample: SampleStatus;
}

export const overviewRouter = router({
  now: query.query(({ ctx }) => ({ frame: ctx.server.frame(), sample: ctx.server.sample.status })),

  standing: query.query(async ({ ctx: { server, identity } }) => {
    const { map } = server.map;
    if (map === undefined) throw away();
    const nowMs = Date.now();
    const [standing, open, { policy }] = await Promise.all([
      standingOf(map, server.telemetry, server.load.window.ratesByShardlet(nowMs), nowMs),
      server.recommendations.list({
        ...{ cluster: everyClusterSeen(identity.principal), states: ['open'], limit: COUNTED_MAX },
      }),
      server.policies.at(nowMs),
    ]);
    const waiting = open.filter((record) => obstacleTo(record, policy) === undefined).length;
    /** `waiting` of the recommended ones can be decided; the policy, or an earlier step, stands before the others */
    return { ...standing, recommended: open.length, waiting };
  }),

  live: query.subscription(async function* ({ ctx, signal }): AsyncGenerator<LiveUpdate> {
    const { server } = ctx;
    const ending = endingOf(ctx, signal, ['cluster:read', { cluster: OWN_CLUSTER }]);
    let sent = server.load.settledSecond(Date.now()) - WINDOW_SECONDS;
    while (!ending.aborted) {
      const frame = server.frame();
      const settled = server.load.settledSecond(frame.atMs);
      yield { frame, points: server.load.window.points(sent, settled), sample: server.sample.status };
      sent = Math.max(sent, settled);
      // an aborted wait is the ordinary end of a subscription
      await sleep(FRAME_MS, undefined, { signal: ending }).catch(() => {});
    }
  }),
});
