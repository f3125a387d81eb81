'use client';

import { METRIC_NAMES, type Metric } from '@foreshard/core/telemetry';
/** Which shardlets carry the most, since when, and why; what would help. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Flame } from 'lucide-react';
import { parseAsInteger, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import { useTRPC } from '../../components/api.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { Notice } from '../../components/notice.tsx';
import { TakeAway, trpcCurl } from '../../components/take-away.tsx';
import { Select } from '../../components/ui/field.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import { formatCount } from '../../formatting/numbers.ts';
import { METRIC_TITLES } from '../heat/heat-words.ts';
import { ListPage } from '../list-page.tsx';
import { HotTable } from './hot-table.tsx';

const SPANS = ['15m', '1h', '6h', '24h', '7d'] as const;
const SPAN_NAMES = { '15m': '15 min', '1h': '1 h', '6h': '6 h', '24h': '24 h', '7d': '7 days' } as const;
const COUNTS = [10, 20, 50, 100];
const REFRESH_MS = 15_000;

export function HotPage() {
  const trpc = useTRPC();
  const { status } = useLive();
  const [address, set] = useQueryStates({
    stream: parseAsString,
    metric: parseAsStringLiteral(METRIC_NAMES).withDefault('events'),
    span: parseAsStringLiteral(SPANS).withDefault('1h'),
    n: parseAsInteger.withDefault(20),
  });
  const input = { ...address, n: COUNTS.includes(address.n) ? address.n : 20 };
  const hot = useQuery({
    ...trpc.hot.list.queryOptions(input),
    placeholderData: keepPreviousData,
    refetchInterval: status === 'paused' ? false : REFRESH_MS,
  });
  const choices = useQuery(trpc.shardlets.choices.queryOptions());
  const rows = hot.data?.rows ?? [];
  return (
    <ListPage
      error={hot.data === undefined ? hot.error : null}
      loading={hot.isPending}
      onRetry={() => void hot.refetch()}
      empty={rows.length === 0 ? <NothingHot span={SPAN_NAMES[address.span]} /> : undefined}
      head={
        <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
          <div className="flex flex-wrap items-end gap-3">
            <Select
              label="Stream"
              className="w-40"
              value={address.stream ?? ''}
              onChange={(e) => void set({ stream: e.target.value || null })}
            >
              <option value="">The busiest</option>
              {[...(choices.data?.streams ?? []), ...(choices.data?.clusters ?? [])].map((name) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
            <Select
              label="By"
              className="w-44"
              value={address.metric}
              onChange={(e) => void set({ metric: e.target.value as Metric })}
            >
              {METRIC_NAMES.map((metric) => (
                <option key={metric} value={metric}>
                  {METRIC_TITLES[metric]}
                </option>
              ))}
            </Select>
            <Select
              label="Show"
              className="w-28"
              value={input.n}
              onChange={(e) => void set({ n: Number(e.target.value) })}
            >
              {COUNTS.map((n) => (
                <option key={n} value={n}>
                  top {n}
                </option>
              ))}
            </Select>
            <Segmented
              label="Over"
              value={address.span}
              choices={SPANS.map((span) => [span, SPAN_NAMES[span]] as const)}
              onChange={(span) => void set({ span })}
            />
          </div>
          <div className="ml-auto flex items-center gap-3">
            <p role="status" className="text-soft text-sm">
              {hot.data === undefined
                ? ''
                : `Stream ${hot.data.stream}, ${formatCount(hot.data.leaves)} shardlets, ${isPeak(hot.data.metric) ? 'highest' : 'average'} over ${SPAN_NAMES[address.span]}`}
            </p>
            <TakeAway
              name={`hot-${hot.data?.stream ?? ''}-${address.metric}`}
              rows={rows as unknown as readonly Record<string, unknown>[]}
              curl={() => trpcCurl('hot.list', input)}
            />
          </div>
        </div>
      }
    >
      {hot.data === undefined ? null : (
        <HotTable
          rows={rows}
          stream={hot.data.stream}
          metric={hot.data.metric}
          fromMs={hot.data.fromMs}
          toMs={hot.data.toMs}
          outdated={hot.isPlaceholderData}
        />
      )}
    </ListPage>
  );
}

function isPeak(metric: Metric): boolean {
  return metric === 'p50' || metric === 'p99' || metric === 'distinctKeys';
}

function NothingHot({ span }: { span: string }) {
  return (
    <div className="border-line border-t">
      <Notice
        title="Nothing was recorded in this time"
        why={`No shardlet has carried any of it in the last ${span}. A minute is recorded some seconds after its end.`}
      >
        <p className="flex items-center justify-center gap-2 text-soft text-sm">
          <Flame aria-hidden className="size-4" /> Choose a longer time, or send events.
        </p>
      </Notice>
    </div>
  );
}
