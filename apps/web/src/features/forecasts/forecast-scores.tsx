'use client';

import { Badge } from '../../components/ui/badge.tsx';
import { Card } from '../../components/ui/card.tsx';
import { formatPercent } from '../../formatting/numbers.ts';
import type { ForecastPicture } from '../../server/forecasts/forecast-picture.ts';
import { type RateUnit, rateText } from './rate-unit.ts';

/** What the forecasts in sight were worth, beside the same hour of the day before. */
export function ForecastScores({ picture, unit }: { picture: ForecastPicture; unit: RateUnit }) {
  const { mae, rmse, naiveMae, covered, model, version, unfit, hints } = picture;
  const ratio = mae !== null && naiveMae !== null && naiveMae > 0 ? mae / naiveMae : null;
  const facts = [
    [
      'Model',
      model === null
        ? 'none yet'
        : `${model}${version === null ? ' (default, not trained yet)' : `, version ${version}`}`,
    ],
    ['MAE, one step ahead', mae === null ? 'not known yet' : rateText(mae, unit)],
    ['RMSE', rmse === null ? 'not known yet' : rateText(rmse, unit)],
    ['Against the day before', ratio === null ? 'not known yet' : `${ratio.toFixed(2)} of its error`],
    ['80 % interval held', covered === null ? 'not known yet' : formatPercent(covered)],
  ] as const;
  return (
    <Card aria-label="How good the forecast is" className="p-5">
      <dl className="grid gap-4 sm:grid-cols-3 lg:grid-cols-5">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt className="text-xs text-faint">{name}</dt>
            <dd className="tabular mt-0.5 text-sm font-medium">{value}</dd>
          </div>
        ))}
      </dl>
      {ratio !== null && ratio > 1 ? (
        <p className="mt-3 text-sm text-warn">
          In this time the day before would have been the better forecast.
        </p>
      ) : null}
      {hints.length === 0 ? null : (
        <p className="mt-3 text-sm text-soft">
          Hints in this forecast: {hints.map(({ because }) => because).join('; ')}
        </p>
      )}
      {unfit.length === 0 ? null : (
        <details className="mt-3 text-sm">
          <summary className="cursor-pointer text-soft">
            <Badge>{unfit.length}</Badge> {unfit.length === 1 ? 'model is' : 'models are'} left out
          </summary>
          <ul className="mt-2 grid gap-1 text-xs text-faint">
            {unfit.map(({ model: name, reason }) => (
              <li key={name}>
                <span className="font-medium text-soft">{name}</span>: {reason}
              </li>
            ))}
          </ul>
        </details>
      )}
    </Card>
  );
}
