'use client';

/** The shardlets that will have the most load at a time ahead, and how sure that is. */
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { parseAsStringLiteral, useQueryState } from 'nuqs';
import { useTRPC } from '../../components/api.ts';
import { Notice } from '../../components/notice.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import { formatPercent } from '../../formatting/numbers.ts';
import { NotRead } from './not-read.tsx';
import { type RateUnit, rateText } from './rate-unit.ts';

const HOUR_MS = 3_600_000;
const AHEAD = { '1h': 1, '6h': 6, '23h': 23 } as const;
const AHEAD_NAMES = Object.keys(AHEAD) as (keyof typeof AHEAD)[];
const SHOWN = 20;
const REFRESH_MS = 15_000;
const HEADS = ['Rank', 'Shardlet', 'Shard', 'Owner now', 'Expected', 'p90', 'Stays in the list'];

export function useRanking(stream: string | null) {
  const trpc = useTRPC();
  const [ahead, setAhead] = useQueryState('ahead', parseAsStringLiteral(AHEAD_NAMES).withDefault('1h'));
  const ranking = useQuery({
    ...trpc.forecasts.ranking.queryOptions({ stream, inMs: AHEAD[ahead] * HOUR_MS, n: SHOWN }),
    refetchInterval: REFRESH_MS,
  });
  return { ranking, ahead, setAhead };
}

export function Ranking({
  stream,
  unit,
  ranking,
  ahead,
  setAhead,
}: { stream: string | null; unit: RateUnit } & ReturnType<typeof useRanking>) {
  return (
    <Card aria-labelledby="ranking-title" className="overflow-hidden">
      <CardHead id="ranking-title" title="Shardlets with the most load ahead">
        <Segmented
          label="Ahead"
          value={ahead}
          choices={AHEAD_NAMES.map((name) => [name, `in ${AHEAD[name]} h`] as const)}
          onChange={(next) => void setAhead(next)}
        />
      </CardHead>
      {ranking.data === undefined ? (
        <NotRead error={ranking.error} />
      ) : ranking.data.length === 0 ? (
        <Notice
          title="Nothing is forecast for this time"
          why="In the first hours of a cluster forecasts reach two hours ahead, later a day."
        />
      ) : (
        <div className="overflow-x-auto border-line border-t">
          <table className="tabular w-full text-sm">
            <thead>
              <tr className="border-line border-b bg-sunken text-left text-soft text-xs">
                {HEADS.map((head, i) => (
                  <th
                    key={head}
                    scope="col"
                    className={`px-3 py-2 font-medium first:pl-5 last:pr-5 ${i > 3 ? 'text-right' : ''}`}
                  >
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {ranking.data.map(({ shardlet, rank, shard, owner, perSecond, p90PerSecond, confidence }) => (
                <tr key={shardlet} className="border-line border-b last:border-0">
                  <td className="py-1.5 pr-3 pl-5 text-faint">{rank}</td>
                  <td className="px-3 py-1.5">
                    <Link
                      href={`/forecasts?shardlet=${shardlet}${stream === null ? '' : `&stream=${encodeURIComponent(stream)}`}`}
                      className="font-mono text-accent text-xs hover:underline"
                    >
                      {shardlet}
                    </Link>
                  </td>
                  <td className="px-3 py-1.5 text-soft">{shard ?? '–'}</td>
                  <td className="px-3 py-1.5">{owner ?? '–'}</td>
                  <td className="px-3 py-1.5 text-right">{rateText(perSecond, unit)}</td>
                  <td className="px-3 py-1.5 text-right">{rateText(p90PerSecond, unit)}</td>
                  <td
                    className="py-1.5 pr-5 pl-3 text-right"
                    title="Probability that it has more than the first that is not in this list"
                  >
                    {formatPercent(confidence)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}
