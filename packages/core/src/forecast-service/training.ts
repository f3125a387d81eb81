/**
 * Trains challengers for a stream and judges them beside the champion: all meet the same origins of a rolling
 * back-test on the newest data, measured as they would serve. The champion falls only to one that erred no more than
 * it did there. What fails or is worse is registered nowhere as champion, whatever happens.
 */
import {
  autoContestant,
  type BacktestPlan,
  type BacktestRow,
  backtest,
  type Contestant,
  evenOrigins,
  type Forecaster,
  type Series,
  type Stopwatch,
} from '../forecast-models/index.ts';
import { RESOLUTIONS, type Resolution } from './resolution.ts';
import type { Measured, ModelVersion } from './stores.ts';
import { heardBy, withSeasons } from './stream-predictor.ts';

export interface TrainingInput {
  readonly streamId: number;
  readonly resolution: Resolution;
  readonly series: Series & { readonly firstMs: number };
  readonly models: readonly Forecaster[];
  /** expensive models with what they answered at the origins of `contestOf` */
  readonly expensive?: readonly Contestant[];
  readonly champion: ModelVersion | undefined;
  readonly run: number;
  readonly nowMs: number;
  readonly stopwatch: Stopwatch;
  /** four times as many origins: for the training of the week */
  readonly isThorough: boolean;
}

export interface Trained {
  /** best first; without ids */
  readonly versions: readonly Omit<ModelVersion, 'id'>[];
  /** the champion, measured on the same origins */
  readonly champion: Measured | undefined;
  /** whether the first of the versions may follow it, and why */
  readonly verdict: { readonly promote: boolean; readonly reason: string };
  readonly unfit: readonly { readonly model: string; readonly reason: string }[];
}

/** less, and a back-test says nothing */
export const STEPS_MIN = 72;
/** how many origins are asked, and how often models are fitted on the way there */
const BRIEF = { origins: 40, fits: 3 };
const THOROUGH = { origins: 160, fits: 8 };
const TEST_SHARE = 0.25;
/** challengers that are kept beside the best one */
const CHALLENGERS = 3;
const NAIVE = ['naive', 'seasonal-day', 'seasonal-week'];
/** a quantile that covers less or more than this is broken, however small the error of the point */
const COVERAGE_MIN = 0.7;

export function train(input: TrainingInput): Trained | string {
  const series = withSeasons(input.series);
  const known = series.values.filter((value) => !Number.isNaN(value)).length;
  if (known < STEPS_MIN)
    return `only ${known} steps are known; a training needs ${STEPS_MIN}, until then a default model serves`;
  const plan = contestOf(input);
  const { origins } = plan;
  const result = backtest(contestantsOf(input), series, plan, input.stopwatch);
  const rows = result.rows.filter(isSound);
  const naive = yardstick(rows);
  const contest = rows
    .filter(({ model }) => model !== CHAMPION && !NAIVE.includes(model))
    .sort((a, b) => a.score.mae - b.score.mae);
  const champion = rows.find(({ model }) => model === CHAMPION);
  const versions = contest
    .slice(0, CHALLENGERS)
    .map((row) => versionOf(row, input, series, origins.length, naive));
  return {
    versions,
    champion: champion === undefined ? undefined : measuredOf(champion, origins.length, naive),
    verdict: verdictOf(contest[0], champion, input.champion),
    unfit: result.unfit.filter(({ model }) => model !== CHAMPION),
  };
}

/** The origins at which all are compared. */
export function contestOf({
  series,
  resolution,
  isThorough,
}: Pick<TrainingInput, 'series' | 'resolution' | 'isThorough'>): BacktestPlan {
  const { horizon } = RESOLUTIONS[resolution];
  const asked = isThorough ? THOROUGH : BRIEF;
  const origins = evenOrigins(series.values.length, horizon, asked.origins, TEST_SHARE);
  return { horizon, origins, originsPerFit: Math.ceil(origins.length / asked.fits) };
}

const CHAMPION = 'the champion';
const AUTO = 'auto';

function contestantsOf({ models, expensive = [], champion }: TrainingInput): Contestant[] {
  const alone = models.map((model) => autoContestant([model], model.name));
  const contestants = [autoContestant(models, AUTO), ...alone, ...expensive];
  if (champion === undefined) return contestants;
  const answered = expensive.find(({ name }) => name === champion.name);
  if (answered !== undefined) return [...contestants, { ...answered, name: CHAMPION }];
  // what it would answer is not known: what serves in its place is no measure of it
  if (isExpensive(champion)) return contestants;
  return [...contestants, autoContestant(heardBy(champion, models), CHAMPION)];
}

/** Whether the version answers beforehand, in a thread of its own. */
export function isExpensive({ parameters }: Pick<ModelVersion, 'parameters'>): boolean {
  // the name under which versions of earlier releases are stored
  return parameters.isDear === true;
}

function isSound({ score, coverage }: BacktestRow): boolean {
  return Number.isFinite(score.mae) && Number.isFinite(score.rmse) && Number.isFinite(coverage['0.9']!);
}

function verdictOf(
  best: BacktestRow | undefined,
  champion: BacktestRow | undefined,
  serving: ModelVersion | undefined,
): Trained['verdict'] {
  if (best === undefined) return { promote: false, reason: 'no model could be trained' };
  if (best.coverage['0.9']! < COVERAGE_MIN)
    return {
      promote: false,
      reason: `the 90 % quantile of ${best.model} covers only ${percent(best.coverage['0.9']!)}`,
    };
  if (serving === undefined) return { promote: true, reason: `${best.model} is the first champion` };
  if (champion === undefined) return { promote: true, reason: 'the champion could not be measured any more' };
  const [its, theirs] = [best.score.mae, champion.score.mae];
  const comparison = `${best.model} erred by ${digits(its)}, the champion by ${digits(theirs)} at the same origins`;
  return { promote: its <= theirs, reason: comparison };
}

function yardstick(rows: readonly BacktestRow[]): number {
  const seasonal =
    rows.find(({ model }) => model === 'seasonal-day') ?? rows.find(({ model }) => model === 'naive');
  return seasonal?.score.mae ?? 0;
}

function versionOf(
  row: BacktestRow,
  { streamId, resolution, models, expensive = [], run, nowMs }: TrainingInput,
  series: Series & { readonly firstMs: number },
  origins: number,
  naive: number,
): Omit<ModelVersion, 'id'> {
  return {
    ...measuredOf(row, origins, naive),
    streamId,
    resolution,
    name: row.model,
    members: row.model === AUTO ? models.map(({ name }) => name) : [row.model],
    windowFromMs: series.firstMs,
    windowToMs: series.firstMs + series.values.length * series.stepSeconds * 1_000,
    parameters: {
      seasons: series.seasons,
      horizon: RESOLUTIONS[resolution].horizon,
      fits: row.fits,
      isDear: expensive.some(({ name }) => name === row.model),
    },
    run,
    createdMs: nowMs,
  };
}

function measuredOf(
  { score, pinball, coverage, fitMs }: BacktestRow,
  origins: number,
  naiveMae: number,
): Measured {
  const losses = Object.values(pinball);
  return {
    mae: score.mae,
    rmse: score.rmse,
    mase: Number.isFinite(score.mase) ? score.mase : 0,
    wape: Number.isFinite(score.wape) ? score.wape : 0,
    pinball: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    coverage: coverage['0.9']!,
    fitMs,
    origins,
    naiveMae,
  };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

function digits(value: number): string {
  return String(Number(value.toPrecision(4)));
}
