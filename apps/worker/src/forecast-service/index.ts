/** The jobs that forecast and train, with the process their models run in. */
import type { JobProducer } from '@foreshard/core/adapters/control';
import { type ClusterStore, streamIdOf } from '@foreshard/core/external';
import type { ModelRegistry } from '@foreshard/core/forecast-service';
import type { BlockStore } from '@foreshard/core/telemetry';
import type { MapFollower } from '@foreshard/core/topology';
import type { Logger } from 'pino';
import type { Processors } from '../jobs/registry.ts';
import type { Settings } from '../process/settings.ts';
import { ForecastJob } from './forecast-job.ts';
import { ModelProcess } from './model-process.ts';
import { TrainJob } from './train-job.ts';

export interface ForecastServiceParts {
  readonly settings: Settings;
  readonly follower: Pick<MapFollower, 'upToDate'>;
  readonly telemetry: BlockStore;
  readonly clusters: Pick<ClusterStore, 'list'>;
  readonly models: ModelRegistry;
  readonly jobs: JobProducer;
  readonly log: Logger;
  readonly nowMs: () => number;
}

export function forecastJobs(
  parts: ForecastServiceParts,
): Pick<Processors, 'forecast' | 'train' | 'trainWeekly'> & { stop(): void } {
  const { settings, follower, telemetry: blocks, models: registry, jobs, log, nowMs } = parts;
  const { databaseUrl, redisUrl, topologyUrl, forecastModels, forecastModelLimitMs, forecastExpensiveMs } =
    settings;
  const env = {
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    TOPOLOGY_URL: topologyUrl ?? '',
    WORKER_FORECAST_MODELS: forecastModels,
    WORKER_FORECAST_MODEL_LIMIT_MS: String(forecastModelLimitMs),
  };
  const limits = { env, limitMs: forecastModelLimitMs };
  const process = new ModelProcess({ ...limits, report: (line) => log.debug({ line }, 'models') });
  const streams = async () => [
    ...(await follower.upToDate()).streams().map(({ id }) => id),
    ...(await parts.clusters.list()).map(streamIdOf),
  ];
  const forecast = new ForecastJob({ process, streams, blocks, jobs, log, nowMs });
  const isAnythingKnown = () => forecast.isAnythingKnown();
  const expensiveBudgetMs = forecastExpensiveMs;
  const train = new TrainJob({ registry, settings: limits, expensiveBudgetMs, isAnythingKnown, log, nowMs });
  return {
    forecast: (_, signal) => forecast.run(signal),
    train: (payload, signal) => train.run(payload, signal),
    trainWeekly: (payload, signal) => train.run(payload, signal),
    stop: () => process.stop(),
  };
}
