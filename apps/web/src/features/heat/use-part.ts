'use client';

import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '../../components/api.ts';
import { measuredMetric } from '../../server/heat/heat-query.ts';
import { columnStartMs, type HeatCells } from './heat-cells.ts';
import type { HeatPart } from './heat-part.ts';

/** What lies under a part of a picture, which only the server knows. */
export function usePart(cells: HeatCells, { left, right, top, bottom }: HeatPart) {
  const trpc = useTRPC();
  return useQuery(
    trpc.heat.cell.queryOptions({
      stream: cells.stream,
      metric: measuredMetric(cells.metric),
      fromMs: columnStartMs(cells, left),
      toMs: columnStartMs(cells, right),
      from: cells.rows[top]!.from,
      to: cells.rows[bottom - 1]!.to,
    }),
  );
}
