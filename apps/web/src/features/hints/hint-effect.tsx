'use client';

import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '../../components/api.ts';
import { useZone } from '../../components/zone.tsx';
import { formatCount } from '../../formatting/numbers.ts';
import { formatMoment } from '../../formatting/time.ts';

/** What came, beside what was forecast with and without the hint. */
export function HintEffect({ id }: { id: string }) {
  const trpc = useTRPC();
  const { zone } = useZone();
  const effect = useQuery(trpc.hints.effect.queryOptions({ id }));
  const last = effect.data?.spans.at(-1);
  if (last === undefined) return null;
  const times = last.forecast > 0 ? ` (×${(last.actual / last.forecast).toFixed(2)})` : '';
  return (
    <p className="tabular mt-1 text-xs text-soft">
      {formatMoment(last.fromMs, zone)}: {formatCount(Math.round(last.actual))} events came{times},{' '}
      {formatCount(Math.round(last.expected))} were expected with the hint,{' '}
      {formatCount(Math.round(last.forecast))} without.
    </p>
  );
}
