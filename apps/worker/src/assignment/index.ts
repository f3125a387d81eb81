/** Jobs that look ahead for consumer groups: how fast they are, what shardlets will weigh, how many members they need. */
import type { Control } from '@foreshard/core/adapters/control';
import type { Arrivals, GroupService } from '@foreshard/core/consuming';
import { ForecastStore } from '@foreshard/core/forecast-service';
import { TelemetryStore } from '@foreshard/core/telemetry';
import type { MapFollower } from '@foreshard/core/topology';
import type { Processors } from '../jobs/registry.ts';
import { OutlookJob } from './outlook-job.ts';
import { weighShardlets } from './weigh-shardlets.ts';

export interface AssignmentParts {
  readonly control: Pick<
    Control,
    'groups' | 'groupProgress' | 'groupOutlooks' | 'telemetry' | 'forecasts' | 'hints'
  >;
  readonly follower: Pick<MapFollower, 'map'>;
  readonly service: Pick<GroupService, 'lagsOf'>;
  readonly arrivalsOf: (
    sources: { readonly telemetry: TelemetryStore; readonly forecasts: ForecastStore },
    stream: number,
    nowMs: number,
  ) => Promise<Arrivals | undefined>;
  readonly nowMs: () => number;
}

export type AssignmentJobs = Pick<Processors, 'sampleGroups' | 'weighShardlets' | 'countMembers'>;

export function assignmentJobs(parts: AssignmentParts): AssignmentJobs {
  const { control, follower, service, arrivalsOf, nowMs } = parts;
  const { groups, groupProgress: progress, groupOutlooks: outlooks, hints } = control;
  const { telemetry: blocks, forecasts: records } = control;
  const map = () => follower.map;
  const telemetry = new TelemetryStore({ blocks, map, nowMs });
  const forecasts = new ForecastStore({ records, hints, telemetry, blocks, map, nowMs });
  const loadsAhead = (stream: number, atMs: number) => forecasts.loadsAhead(stream, atMs);
  const arrivals = (stream: number) => arrivalsOf({ telemetry, forecasts }, stream, nowMs());
  const outlook = new OutlookJob({ groups, service, progress, outlooks, arrivals, map, nowMs });
  return {
    async sampleGroups() {
      await progress.sample();
      return undefined;
    },
    weighShardlets: (_, signal) => weighShardlets({ groups, loadsAhead, nowMs }, signal),
    countMembers: (_, signal) => outlook.run(signal),
  };
}
