/**
 * What the runs of a demo say together. Three pairs are few, so nothing is claimed that the worst of one arm and the best
 * of the other do not show.
 */
import type { DemoArm, DemoResult, DemoRun, DemoSpread, DemoSummary } from './demo-status.ts';

/** Undefined while an arm has no run. */
export function summaryOf(runs: readonly Pick<DemoRun, 'arm' | 'result'>[]): DemoSummary | undefined {
  const resultsOf = (arm: DemoArm) =>
    runs.flatMap((run) => (run.arm === arm && run.result !== null ? [run.result] : []));
  const [forecast, reactive] = [resultsOf('with'), resultsOf('without')];
  if (forecast.length === 0 || reactive.length === 0) return undefined;
  const figures = { with: armOf(forecast), without: armOf(reactive) };
  const verdict = verdictOf(figures.with.refused, figures.without.refused);
  return { ...figures, verdict, headline: headlineOf(figures, verdict) };
}

function armOf(results: readonly DemoResult[]): DemoSummary['with'] {
  const spread = (of: (result: DemoResult) => number) => spreadOf(results.map(of));
  return {
    runs: results.length,
    refused: spread(({ refused }) => refused),
    late: spread(({ late }) => late),
    p99: spread(({ p99 }) => p99),
    overloadSeconds: spread(({ overloadSeconds }) => overloadSeconds),
  };
}

function spreadOf(values: readonly number[]): DemoSpread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
  return { median, least: sorted[0]!, most: sorted.at(-1)! };
}

function verdictOf(forecast: DemoSpread, reactive: DemoSpread): DemoSummary['verdict'] {
  if (forecast.most < reactive.least) return 'better';
  if (forecast.least > reactive.most) return 'worse';
  return 'within the spread';
}

function headlineOf(
  { with: forecast, without }: Pick<DemoSummary, 'with' | 'without'>,
  verdict: DemoSummary['verdict'],
): string {
  const figures = `${medianText(forecast.refused)} events refused with the forecast, ${medianText(without.refused)} without it`;
  if (verdict === 'better') return figures;
  if (verdict === 'worse') return `${figures}: here the forecast did harm`;
  return `${figures}: no more than the runs differ among themselves`;
}

/** "214 (180 to 260)"; one number where all runs agree. */
export function medianText({ median, least, most }: DemoSpread): string {
  const middle = Math.round(median);
  return least === most ? `${middle}` : `${middle} (${Math.round(least)} to ${Math.round(most)})`;
}
