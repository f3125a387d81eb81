/** What is done for operations on the demo: a worker carries it out, and is told of it by its row. */
import {
  DEMO_STREAM,
  type DemoStore,
  isUnderWay,
  NO_DEMO,
  obstacleToDemo,
  type RecentLoad,
} from '../../demo/index.ts';
import { ForeshardError } from '../../kernel/index.ts';
import type { MoveLog } from '../../moves/index.ts';
import type { TopologyStore } from '../../topology/index.ts';
import { requirePermission } from '../allowing.ts';
import type { Caller } from '../caller.ts';
import type { demo } from '../demo.ts';
import type { RouterHandlers } from '../operation.ts';
import type { JobStores } from './jobs.ts';

export interface DemoStores extends JobStores {
  readonly demo: DemoStore;
  readonly topology: Pick<TopologyStore, 'snapshot'>;
  readonly moves: Pick<MoveLog, 'controls'>;
  /** of the last minutes */
  readonly recentLoad: () => Promise<RecentLoad>;
  readonly newSeed: () => number;
  readonly nowMs: () => number;
}

const UNDER_WAY = 'A demo is under way already: watch it, or stop it.';

export function demoHandlers(stores: DemoStores): RouterHandlers<typeof demo> {
  const { demo: store, topology, moves, wake, nowMs } = stores;
  const status = async () => (await store.read())?.status ?? NO_DEMO;
  return {
    status,
    async start({ seed }, { principal, actor }) {
      requireAll(principal);
      if (isUnderWay(await status())) throw new ForeshardError('conflict', UNDER_WAY);
      const [snapshot, controls, load] = await Promise.all([
        topology.snapshot(),
        moves.controls(),
        stores.recentLoad(),
      ]);
      const obstacle = obstacleToDemo({ topology: snapshot, movesPaused: controls.paused, load });
      if (obstacle !== undefined) throw new ForeshardError('conflict', obstacle);
      const requested = {
        ...NO_DEMO,
        ...({ state: 'requested', step: 'Waiting for a worker' } as const),
        ...{ startedAt: new Date(nowMs()).toISOString(), startedBy: actor },
        seed: seed ?? stores.newSeed(),
      };
      if (!(await store.request(requested, principal))) throw new ForeshardError('conflict', UNDER_WAY);
      // a lost wake-up costs two seconds
      await wake('demo').catch(() => {});
      return requested;
    },
    async stop(_, { actor }) {
      if (!(await store.stop(actor))) throw new ForeshardError('conflict', 'No demo is under way.');
      await wake('demo').catch(() => {});
      return status();
    },
  };
}

/** It acts for whoever starts it, who could do all of it. @throws ForeshardError forbidden */
function requireAll(principal: Caller['principal']): void {
  for (const permission of ['streams:manage', 'events:write'] as const)
    requirePermission(principal, permission, { stream: DEMO_STREAM });
}
