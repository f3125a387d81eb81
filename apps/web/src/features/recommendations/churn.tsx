'use client';

/** Whether the planner thrashes, in figures. */
import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '../../components/api.ts';
import { Fact } from '../../components/fact.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { formatBytes, formatCount } from '../../formatting/numbers.ts';

export function Churn() {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.recommendations.churn.queryOptions());
  if (data === undefined || data.moves + data.failed === 0) return null;
  const { moves, bytes, reversals, failed, promised, realised, reversalMinutes } = data;
  return (
    <Card aria-labelledby="churn-title">
      <CardHead
        id="churn-title"
        title="Moves of the last 7 days"
        hint="what moving has cost, and what it was worth"
      />
      <dl className="tabular grid grid-cols-2 gap-x-6 gap-y-3 border-line border-t px-5 py-4 text-sm sm:grid-cols-3 xl:grid-cols-6">
        <Fact name="Moved">{`${formatCount(moves)} shardlets`}</Fact>
        <Fact name="Copied">{formatBytes(bytes)}</Fact>
        <Fact name={`Reversals within ${reversalMinutes} min`}>
          <span className={reversals > 0 ? 'font-semibold text-warn' : ''}>{formatCount(reversals)}</span>
        </Fact>
        <Fact name="Aborted">{formatCount(failed)}</Fact>
        <Fact name="Gain that came true">
          {promised <= 0
            ? 'not known yet'
            : `${Math.round((100 * realised) / promised)} % of what was expected`}
        </Fact>
      </dl>
    </Card>
  );
}
