/** The job that plans, and the questions that are answered from what it plans on. */
import type { JobProducer } from '@foreshard/core/adapters/control';
import type { HostOrders, HostProvider, PolicyStore, RecommendationLog } from '@foreshard/core/advising';
import type { SliceStore } from '@foreshard/core/anticipating';
import { type ForecastRecords, ForecastStore } from '@foreshard/core/forecast-service';
import type { HintStore } from '@foreshard/core/hints';
import type { MoveLog, Operator } from '@foreshard/core/moves';
import type { NotificationStore } from '@foreshard/core/notifying';
import type { HealthStore } from '@foreshard/core/profiling';
import { type BlockStore, HOST_USAGE_KEY, TelemetryStore } from '@foreshard/core/telemetry';
import type { MapFollower, TopologyMap, TopologyStore } from '@foreshard/core/topology';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { Processors } from '../jobs/registry.ts';
import { CarryOutJob } from './carry-out-job.ts';
import { HostScaling } from './host-scaling.ts';
import { inquiryAnswerers, type PlanningAnswerers } from './inquiries.ts';
import { PlanJob } from './plan-job.ts';
import { HotKeyRelief } from './relieve-hot-keys.ts';
import { reportedHotKeys } from './reported-hot-keys.ts';

export interface PlanningParts {
  readonly follower: Pick<MapFollower, 'upToDate'> & { readonly map: TopologyMap };
  readonly topology: TopologyStore;
  readonly telemetry: BlockStore;
  readonly forecasts: ForecastRecords;
  readonly hints: HintStore;
  readonly moves: MoveLog;
  readonly health: HealthStore;
  readonly recommendations: RecommendationLog;
  readonly policies: PolicyStore;
  readonly slices: Pick<SliceStore, 'list'>;
  readonly hostOrders: HostOrders;
  readonly notifications: NotificationStore;
  readonly hostProvider: HostProvider;
  readonly hostWebhook: string | undefined;
  readonly redis: Redis;
  readonly jobs: JobProducer;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly actor: string;
}

export interface Planning {
  readonly jobs: Pick<Processors, 'plan' | 'carryOut' | 'relieveHotKeys'>;
  readonly answerers: PlanningAnswerers;
}

export function planning(parts: PlanningParts): Planning {
  const {
    follower,
    topology,
    telemetry: blocks,
    forecasts: records,
    hints,
    moves,
    jobs,
    nowMs,
    actor,
  } = parts;
  const map = () => follower.map;
  const telemetry = new TelemetryStore({ blocks, map, nowMs });
  const observing = {
    ...{ telemetry, blocks, moves, topology, nowMs },
    forecasts: new ForecastStore({ records, hints, telemetry, blocks, map, nowMs }),
    health: parts.health,
    hostUsage: () => parts.redis.hgetall(HOST_USAGE_KEY),
    hotKeys: () => reportedHotKeys(parts.redis, nowMs()),
  };
  const operator: Operator = { topology, moves, wake: (name) => jobs.wake(name), nowMs, actor };
  const scaling = new HostScaling({
    ...parts,
    provider: parts.hostProvider,
    webhook: parts.hostWebhook,
    orders: parts.hostOrders,
    operator,
    map: () => follower.upToDate(),
  });
  const job = new PlanJob({
    ...parts,
    ...observing,
    exclusively: (work) => blocks.exclusively('plan', work),
    wakeCarryingOut: () => jobs.wake('carryOut').catch(() => {}),
  });
  const carrying = new CarryOutJob({
    ...parts,
    ...observing,
    scaling,
    moveLog: moves,
    operator,
    exclusively: (work) => blocks.exclusively('carryOut', work),
  });
  const wakePlanner = () => jobs.wake('plan');
  const relief = new HotKeyRelief({ ...parts, moveLog: moves, operator, wakePlanner });
  return {
    jobs: {
      plan: (_, signal) => job.run(signal),
      carryOut: (_, signal) => carrying.run(signal),
      relieveHotKeys: () => relief.run(),
    },
    answerers: inquiryAnswerers({ ...observing, follower, policies: parts.policies }),
  };
}
