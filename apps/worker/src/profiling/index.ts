/** The jobs about what the data looks like and how well it is served. */
import type { HealthSettings, HealthStore, ProfileStore } from '@foreshard/core/profiling';
import type { BlockStore } from '@foreshard/core/telemetry';
import type { MapFollower } from '@foreshard/core/topology';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { HostDoors } from '../hosts/host-doors.ts';
import type { Processors } from '../jobs/registry.ts';
import type { LoadFeed } from '../telemetry/load-feed.ts';
import { MergeProfiles } from './merge-profiles.ts';
import { ScoreHealth } from './score-health.ts';

export interface ProfilingParts {
  readonly follower: Pick<MapFollower, 'upToDate'>;
  readonly doors: Pick<HostDoors, 'trusted'>;
  readonly redis: Redis;
  readonly feed: LoadFeed;
  readonly blocks: BlockStore;
  readonly profiles: ProfileStore;
  readonly health: HealthStore;
  readonly settings: HealthSettings;
  readonly log: Logger;
  readonly nowMs: () => number;
}

export function profilingJobs(parts: ProfilingParts): Pick<Processors, 'mergeProfiles' | 'scoreHealth'> {
  const merge = new MergeProfiles({ ...parts, store: parts.profiles });
  const score = new ScoreHealth(parts);
  return {
    mergeProfiles: (_, signal) => merge.run(signal),
    scoreHealth: (_, signal) => score.run(signal),
  };
}
