'use client';

/** What the runs say together, with their spread: three pairs are few, and that shows. */
import { type DemoSpread, type DemoStatus, type DemoSummary, medianText } from '@foreshard/core/demo';
import { Card } from '../../components/ui/card.tsx';
import { formatCount } from '../../formatting/numbers.ts';

const ROWS = [
  ['Refused events', 'refused'],
  ['Late events (over 1 s)', 'late'],
  ['p99, ms', 'p99'],
  ['Seconds in which a host was overloaded', 'overloadSeconds'],
] as const satisfies readonly (readonly [string, keyof DemoSummary['with']])[];

export function DemoSummaryCard({ status, summary }: { status: DemoStatus; summary: DemoSummary }) {
  return (
    <Card aria-labelledby="summary-title" className="overflow-hidden">
      <div className="px-5 pt-5 pb-4">
        <h2 id="summary-title" className="font-semibold text-xl">
          {summary.headline}
        </h2>
        <p className="mt-1 text-soft text-sm">
          {`Median of ${summary.with.runs} and ${summary.without.runs} runs, in brackets least and most.`}
        </p>
      </div>
      <div className="overflow-x-auto border-line border-t">
        <table className="tabular w-full text-sm">
          <thead>
            <tr className="text-left text-faint text-xs">
              <th className="px-5 py-2 font-medium">Figure</th>
              <th className="px-3 py-2 text-right font-medium">With</th>
              <th className="px-5 py-2 text-right font-medium">Without</th>
            </tr>
          </thead>
          <tbody>
            {ROWS.map(([title, figure]) => (
              <tr key={figure} className="border-line border-t">
                <th scope="row" className="px-5 py-2 text-left font-normal">
                  {title}
                </th>
                <Figure spread={summary.with[figure] as DemoSpread} />
                <Figure spread={summary.without[figure] as DemoSpread} />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="tabular border-line border-t px-5 py-3 text-faint text-xs">
        {status.runs
          .flatMap(({ number, arm, result }) =>
            result === null ? [] : [`run ${number} ${arm}: ${formatCount(result.refused)} refused`],
          )
          .join(' · ')}
      </p>
    </Card>
  );
}

function Figure({ spread }: { spread: DemoSpread }) {
  return <td className="px-3 py-2 text-right last:px-5">{medianText(spread)}</td>;
}
