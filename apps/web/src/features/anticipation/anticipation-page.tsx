'use client';

/** Which events follow which, what keys do next, and how often that was right. */
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { parseAsString, useQueryState } from 'nuqs';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { Notice } from '../../components/notice.tsx';
import { Select } from '../../components/ui/field.tsx';
import { ListPage } from '../list-page.tsx';
import { AnnouncedSurges } from './announced-surges.tsx';
import { missing } from './anticipation-words.ts';
import { ExpectedMap } from './expected-map.tsx';
import { LearnerState } from './learner-state.tsx';
import { Prefetching } from './prefetching.tsx';
import { TypeMatrix } from './type-matrix.tsx';

export function AnticipationPage() {
  const trpc = useTRPC();
  const { status } = useLive();
  const [stream, setStream] = useQueryState('stream', parseAsString.withDefault('main'));
  const streams = useQuery(trpc.operations.streams.list.queryOptions({}));
  const learner = useQuery({
    ...trpc.operations.anticipation.status.queryOptions({ stream }),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  const lacking = learner.data === undefined ? undefined : missing(learner.data);
  const names = new Set([stream, ...(streams.data?.streams ?? []).map(({ name }) => name)]);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <ListPage
        error={learner.data === undefined ? learner.error : null}
        loading={learner.isPending}
        onRetry={() => void learner.refetch()}
        head={
          <div className="flex flex-wrap items-end justify-between gap-3">
            <p className="max-w-2xl text-sm text-soft">
              Workers learn which events follow which within a key. Each event is predicted before it is
              learned, so the shares below are those of predictions that were made in time.
            </p>
            <Select
              label="Stream"
              value={stream}
              onChange={({ target }) => void setStream(target.value)}
              className="w-48"
            >
              {[...names].map((name) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
          </div>
        }
        empty={
          lacking === undefined ? undefined : (
            <>
              <Notice title={lacking.title} why={lacking.why}>
                {lacking.cure === 'policy' ? (
                  <Link href="/policies" className="text-accent hover:underline">
                    Open the policy
                  </Link>
                ) : undefined}
              </Notice>
              {learner.data!.slices.length === 0 ? null : <LearnerState status={learner.data!} />}
            </>
          )
        }
      >
        {learner.data === undefined ? null : <LearnerState status={learner.data} />}
      </ListPage>
      {learner.data === undefined || lacking !== undefined ? null : (
        <>
          <AnnouncedSurges key={`surges-${stream}`} stream={stream} />
          <ExpectedMap key={`map-${stream}`} stream={stream} />
          <TypeMatrix key={`matrix-${stream}`} stream={stream} />
        </>
      )}
      <Prefetching />
    </div>
  );
}
