'use client';

/** Actual against forecast, how good it is, and the models behind it. What is shown is part of the address. */
import { useQuery } from '@tanstack/react-query';
import { parseAsInteger, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import { useState } from 'react';
import { useTRPC } from '../../components/api.ts';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { inputClass, Select } from '../../components/ui/field.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import { Loading } from '../../components/ui/skeleton.tsx';
import { Unreadable } from '../../components/unreadable.tsx';
import type { ForecastPicture } from '../../server/forecasts/forecast-picture.ts';
import { AnnotatedChart } from './annotated-chart.tsx';
import { FirstForecast, HoursNeeded, Young } from './first-forecast.tsx';
import { ForecastScores } from './forecast-scores.tsx';
import { Models } from './models.tsx';
import { Ranking, useRanking } from './ranking.tsx';
import { largestOf, type RateUnit, unitFor } from './rate-unit.ts';
import { Trainings } from './trainings.tsx';

const RESOLUTIONS = ['5m', '1h'] as const;
const REFRESH_MS = 15_000;

export function ForecastsPage() {
  const trpc = useTRPC();
  const [{ stream, resolution, shardlet, show }, set] = useQueryStates({
    stream: parseAsString,
    resolution: parseAsStringLiteral(RESOLUTIONS),
    shardlet: parseAsInteger,
    show: parseAsStringLiteral(['load', 'residual'] as const).withDefault('load'),
  });
  const choices = useQuery(trpc.shardlets.choices.queryOptions());
  const picture = useQuery({
    ...trpc.forecasts.picture.queryOptions({ stream, resolution, shardlet }),
    refetchInterval: REFRESH_MS,
  });
  const { data } = picture;
  const ranked = useRanking(stream);
  const unit = usePageUnit(stream, data, ranked.ranking.data);
  const grid = resolution ?? data?.resolution ?? '1h';
  return (
    <div className="grid gap-5">
      <Card aria-labelledby="forecast-title">
        <CardHead
          id="forecast-title"
          title={show === 'load' ? 'Actual against forecast' : 'Actual less forecast'}
          hint={
            data === undefined
              ? ''
              : `events, ${data.stream}${shardlet === null ? '' : `, shardlet ${shardlet}`}`
          }
        >
          <div className="flex flex-wrap items-end gap-2">
            <Segmented
              label="What to show"
              value={show}
              choices={[['load', 'Load'] as const, ['residual', 'Residuals'] as const]}
              onChange={(next) => void set({ show: next })}
            />
            <Segmented
              label="Horizon"
              value={grid}
              choices={[['5m', '2 h ahead'] as const, ['1h', '24 h ahead'] as const]}
              onChange={(next) => void set({ resolution: next })}
            />
          </div>
        </CardHead>
        <div className="flex flex-wrap items-end gap-3 px-5 pb-3">
          <Select
            label="Stream"
            value={stream ?? ''}
            onChange={(e) => void set({ stream: e.target.value || null, shardlet: null })}
          >
            <option value="">the busiest</option>
            {[...(choices.data?.streams ?? []), ...(choices.data?.clusters ?? [])].map((name) => (
              <option key={name}>{name}</option>
            ))}
          </Select>
          <label className="grid gap-1 text-faint text-xs">
            Shardlet
            <input
              className={`${inputClass} w-48`}
              inputMode="numeric"
              placeholder="all of the stream"
              defaultValue={shardlet ?? ''}
              key={stream}
              onChange={(e) => {
                const id = Number(e.target.value);
                void set({ shardlet: Number.isInteger(id) && id > 0 ? id : null });
              }}
            />
          </label>
        </div>
        {picture.error !== null && data === undefined ? (
          <Unreadable
            title="The forecast could not be read"
            error={picture.error}
            onRetry={() => void picture.refetch()}
          />
        ) : data === undefined ? (
          <Loading className="mx-5 mb-5 h-72" />
        ) : (
          <>
            <Ahead picture={data} isHours={grid === '1h'} onFiner={() => void set({ resolution: '5m' })} />
            {data.points.length === 0 ? null : <AnnotatedChart picture={data} unit={unit} show={show} />}
          </>
        )}
      </Card>
      {data === undefined ? null : <ForecastScores picture={data} unit={unit} />}
      <Ranking stream={stream} unit={unit} {...ranked} />
      <Models stream={stream} resolution={grid} unit={unit} />
      <Trainings stream={stream} />
    </div>
  );
}

/** What is to be known before the chart: there is no forecast yet, or it stands on little. */
function Ahead({
  picture: { model, firstMs, youngUntilMs, nowMs },
  isHours,
  onFiner,
}: {
  picture: ForecastPicture;
  isHours: boolean;
  onFiner(): void;
}) {
  if (model !== null) return <Young untilMs={youngUntilMs} nowMs={nowMs} />;
  return isHours ? <HoursNeeded onFiner={onFiner} /> : <FirstForecast firstMs={firstMs} nowMs={nowMs} />;
}

/** By the largest rate in sight, kept while the page is open; another stream has a unit of its own. */
function usePageUnit(
  stream: string | null,
  picture: Parameters<typeof largestOf>[0] | undefined,
  ranked: readonly { readonly p90PerSecond: number }[] = [],
): RateUnit {
  const [kept, setKept] = useState<{ readonly stream: string | null; readonly unit: RateUnit }>();
  const largest = ranked.reduce(
    (most, { p90PerSecond }) => Math.max(most, p90PerSecond),
    picture === undefined ? 0 : largestOf(picture),
  );
  const unit = unitFor(largest, kept?.stream === stream ? kept.unit : undefined);
  if (picture !== undefined && (kept?.stream !== stream || kept.unit !== unit)) setKept({ stream, unit });
  return unit;
}
