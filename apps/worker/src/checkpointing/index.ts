/** The jobs that look after the checkpoints of groups that keep state: one says what is due, one keeps what was taken. */
import type { Control } from '@foreshard/core/adapters/control';
import type { GroupService } from '@foreshard/core/consuming';
import { type ForecastRecords, ForecastStore, loadShardlets } from '@foreshard/core/forecast-service';
import type { CheckpointUpkeep, RestoreDrill } from '@foreshard/core/group-state';
import { TelemetryStore } from '@foreshard/core/telemetry';
import type { MapFollower } from '@foreshard/core/topology';
import type { Logger } from 'pino';
import { eachInTurn } from '../jobs/each-in-turn.ts';
import type { Processors } from '../jobs/registry.ts';
import { CheckpointJob } from './checkpoint-job.ts';
import { drillBook } from './drill-book.ts';
import { DrillRounds } from './drill-rounds.ts';
import { TrustBook } from './trust-book.ts';
import { UpkeepJob } from './upkeep-job.ts';

export interface CheckpointingParts {
  readonly control: Pick<
    Control,
    'groups' | 'stateCheckpoints' | 'recoveries' | 'telemetry' | 'forecasts' | 'hints' | 'redis'
  >;
  readonly follower: Pick<MapFollower, 'map'>;
  readonly service: Pick<GroupService, 'lags'>;
  readonly upkeep: CheckpointUpkeep;
  readonly drill: RestoreDrill;
  readonly log: Logger;
  readonly nowMs: () => number;
}

export type CheckpointJobs = Pick<Processors, 'checkpoint' | 'keepCheckpoints'>;

/** As far as the finest forecast reaches. */
const HORIZON_MS = 7_200_000;

export function checkpointJobs(parts: CheckpointingParts): CheckpointJobs {
  const { control, follower, service, upkeep, drill, log, nowMs } = parts;
  const {
    groups,
    stateCheckpoints: records,
    recoveries,
    telemetry: blocks,
    forecasts: kept,
    hints,
  } = control;
  const map = () => follower.map;
  const telemetry = new TelemetryStore({ blocks, map, nowMs });
  const records5m = { latest: remembered(kept, nowMs), between: kept.between.bind(kept) };
  const forecasts = new ForecastStore({ records: records5m, hints, telemetry, blocks, map, nowMs });
  const trust = new TrustBook({
    foreseen: (...span) => forecasts.foreseen(...span),
    loads: (stream, toMs, spanMs) => loadShardlets(telemetry, map(), stream, '5m', toMs, spanMs),
    nowMs,
  });
  const job = new CheckpointJob({
    ...{ groups, service, recoveries, upkeep, nowMs },
    trust: (stream) => trust.of(stream),
    forecasts: async (stream) => (await forecasts.arrivalsAhead(stream, HORIZON_MS)) ?? (() => undefined),
  });
  const drills = new DrillRounds({ ...{ groups, drill, log, nowMs }, book: drillBook(control.redis) });
  const keeping = new UpkeepJob({ groups, records, upkeep, log, nowMs });
  return {
    checkpoint: (_, signal) => job.run(signal),
    async keepCheckpoints(_, signal) {
      const found: object[] = [];
      // one is not skipped because the other failed; pruning may take longest
      await eachInTurn(
        [drills, keeping],
        signal,
        async (one) => void found.push((await one.run(signal)) ?? {}),
      );
      const all = Object.assign({}, ...found);
      return Object.keys(all).length === 0 ? undefined : all;
    },
  };
}

/** Read once for all shardlets of a stream. */
const REMEMBERED_MS = 30_000;

function remembered(records: ForecastRecords, nowMs: () => number): ForecastRecords['latest'] {
  const known = new Map<
    string,
    { readonly atMs: number; readonly read: ReturnType<ForecastRecords['latest']> }
  >();
  return (streamId, resolution) => {
    const key = `${streamId}:${resolution}`;
    const before = known.get(key);
    if (before !== undefined && nowMs() - before.atMs < REMEMBERED_MS) return before.read;
    const read = records.latest(streamId, resolution);
    known.set(key, { atMs: nowMs(), read });
    read.catch(() => known.delete(key));
    return read;
  };
}
