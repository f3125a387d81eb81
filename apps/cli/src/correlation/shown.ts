/** The result of `foreshard correlate` as a person reads it. */
import { type Correlation, type Evaluation, HIT_DEPTHS, type Hits } from '@foreshard/core/correlation';
import { counted } from '../output.ts';
import { tableOf } from '../table.ts';

const PAIRS_SHOWN = 20;
const UNITS: readonly (readonly [number, string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
  [1, 'ms'],
];

export function shown(evaluation: Evaluation & { readonly cases: number }): string {
  const { events, cases, logLoss, matrix } = evaluation;
  return [
    `${counted(events, 'event')} of ${counted(cases, 'case')}. Each was predicted from the events before it.`,
    hits(evaluation),
    `Log loss ${logLoss.toFixed(3)} nats. Probabilities and what came of them:`,
    reliability(evaluation),
    ...features(evaluation),
    `What follows what (${Math.min(PAIRS_SHOWN, matrix.length)} of ${counted(matrix.length, 'pair')}):`,
    pairs(matrix.slice(0, PAIRS_SHOWN)),
    '',
  ].join('\n\n');
}

function hits({ hits: own, baselines }: Evaluation): string {
  const row = (predictor: string, of: Hits) => ({
    predictor,
    ...Object.fromEntries(HIT_DEPTHS.map((depth) => [`hit@${depth}`, of[depth].toFixed(4)])),
  });
  return tableOf([
    row('correlation engine', own),
    ...Object.entries(baselines).map(([name, of]) => row(nameOf(name), of)),
  ]);
}

function nameOf(baseline: string): string {
  return baseline === 'mostFrequent' ? 'most frequent' : baseline.replace('markov', 'Markov, order ');
}

function reliability({ reliability: rows }: Evaluation): string {
  const filled = rows.map((row, i) => ({ ...row, from: i === 0 ? 0 : rows[i - 1]!.upTo }));
  return tableOf(
    filled
      .filter(({ predictions }) => predictions > 0)
      .map(({ from, upTo, predictions, expected, observed }) => ({
        probability: `${from} to ${upTo}`,
        predictions,
        expected: expected.toFixed(3),
        observed: observed.toFixed(3),
      })),
  );
}

function features({ features: all }: Evaluation): string[] {
  if (all.length === 0) return [];
  const rows = all.map(({ name, information, nullLimit, isInformative }) => ({
    feature: name,
    'nats an event': information.toFixed(4),
    'by chance, at most': nullLimit.toFixed(4),
    informative: isInformative ? 'yes' : 'no',
  }));
  return [`What each feature says about the next event beyond the last activity:\n\n${tableOf(rows)}`];
}

/** Grey on a terminal where there are too few samples; `samples` says so anywhere. */
function pairs(correlations: readonly Correlation[]): string {
  if (correlations.length === 0) return 'none: no case has two events';
  return tableOf(
    correlations.map(({ from, to, coefficient, samples, isEnough, lagMs }) => ({
      from,
      to,
      coefficient: coefficient.toFixed(3),
      samples: isEnough ? String(samples) : `${samples} (too few)`,
      'lag p10': duration(lagMs.p10),
      p50: duration(lagMs.p50),
      p90: duration(lagMs.p90),
    })),
  );
}

function duration(ms: number): string {
  if (ms === 0) return '0';
  const [unit, name] = UNITS.find(([size]) => ms >= size)!;
  return `${Number((ms / unit).toPrecision(2))} ${name}`;
}
