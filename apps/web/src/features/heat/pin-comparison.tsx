'use client';

import { X } from 'lucide-react';
import { Button } from '../../components/ui/button.tsx';
import { useZone } from '../../components/zone.tsx';
import { comparisonLines } from './comparison.ts';
import type { HeatCells, Margins } from './heat-cells.ts';
import type { HeatPart } from './heat-part.ts';
import { usePart } from './use-part.ts';

/** A, which was kept, beside B, which is pinned. */
export function PinComparison(props: {
  cells: HeatCells;
  margins: Margins;
  kept: HeatPart;
  pinned: HeatPart;
  onForget(): void;
}) {
  const { cells, margins, kept, pinned, onForget } = props;
  return (
    <section aria-label="Comparison" className="border-line border-b px-5 py-4 text-sm">
      <div className="flex items-center justify-between gap-2">
        <h2 className="font-medium">Comparison</h2>
        <Button look="quiet" size="icon" aria-label="End the comparison" onClick={onForget}>
          <X />
        </Button>
      </div>
      {isSame(kept, pinned) ? (
        <p className="text-soft">A is kept. Pin another cell or range to compare with it.</p>
      ) : (
        <Lines cells={cells} margins={margins} kept={kept} pinned={pinned} />
      )}
    </section>
  );
}

function Lines({
  cells,
  margins,
  kept,
  pinned,
}: {
  cells: HeatCells;
  margins: Margins;
  kept: HeatPart;
  pinned: HeatPart;
}) {
  const { zone } = useZone();
  const [a, b] = [usePart(cells, kept).data, usePart(cells, pinned).data];
  return (
    <table className="mt-2 w-full table-fixed text-xs">
      <thead>
        <tr className="text-left text-faint">
          <th scope="col" className="w-1/4 py-1 font-medium">
            <span className="sr-only">What is compared</span>
          </th>
          <th scope="col" className="py-1 pr-2 font-semibold text-text">
            A
          </th>
          <th scope="col" className="py-1 font-semibold text-text">
            B
          </th>
        </tr>
      </thead>
      <tbody className="align-top">
        {comparisonLines(cells, margins, [kept, pinned], [a, b], zone).map((line) => (
          <tr key={line.name} className="border-line border-t">
            <th scope="row" className="py-1.5 pr-2 text-left font-normal text-faint">
              {line.name}
            </th>
            <td className="break-words py-1.5 pr-2">{line.a}</td>
            <td className="break-words py-1.5">
              {line.b}
              {line.difference === undefined ? null : (
                <span className="block text-soft">{line.difference}</span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function isSame(a: HeatPart, b: HeatPart): boolean {
  return a.left === b.left && a.right === b.right && a.top === b.top && a.bottom === b.bottom;
}
