'use client';

/** The saved state of consumer groups: what is kept, why it was taken, and whether it can be restored. */
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { parseAsString, useQueryState } from 'nuqs';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { Notice } from '../../components/notice.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Command } from '../../components/ui/copy-button.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import { ListPage } from '../list-page.tsx';
import { CheckpointList } from './checkpoint-list.tsx';
import { LearnedRecovery } from './learned-recovery.tsx';
import { PruneCheckpoints } from './prune-checkpoints.tsx';
import { CheckpointSettings } from './settings-form.tsx';

export function CheckpointsPage() {
  const trpc = useTRPC();
  const { status } = useLive();
  const [chosen, setChosen] = useQueryState('group', parseAsString.withOptions({ history: 'push' }));
  const list = useQuery({
    ...trpc.operations.groups.list.queryOptions({}),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  const keeping = (list.data?.groups ?? []).filter(({ checkpointing }) => checkpointing !== null);
  const group = keeping.find(({ name }) => name === chosen) ?? keeping[0];
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <ListPage
        error={list.data === undefined ? list.error : null}
        loading={list.isPending}
        onRetry={() => void list.refetch()}
        empty={keeping.length === 0 ? <NoState /> : undefined}
        head={
          <p className="text-sm text-soft">
            Members of these groups keep state. A checkpoint is a copy of the state of one shardlet, so that a
            replacement restores it and replays only what came after.
          </p>
        }
      >
        <div className="flex flex-wrap items-center justify-between gap-3 px-5 pb-4">
          {group === undefined ? null : (
            <Segmented
              label="Group"
              value={group.name}
              choices={keeping.map(({ name }) => [name, name] as const)}
              onChange={(name) => void setChosen(name)}
            />
          )}
        </div>
      </ListPage>
      {group?.checkpointing == null ? null : (
        <>
          <Card aria-labelledby="checkpoints-title" className="overflow-hidden">
            <CardHead id="checkpoints-title" title={`Checkpoints of ${group.name}`} hint="the newest first">
              <div className="flex flex-wrap items-center gap-3">
                <Link
                  href={`/consumers?group=${encodeURIComponent(group.name)}`}
                  className="text-accent text-sm hover:underline"
                >
                  Members and lag
                </Link>
                <PruneCheckpoints group={group.name} stream={group.stream} />
              </div>
            </CardHead>
            <CheckpointList key={group.name} group={group.name} stream={group.stream} />
          </Card>
          <LearnedRecovery key={`recoveries-${group.name}`} group={group.name} />
          <CheckpointSettings
            key={`settings-${group.name}`}
            group={group.name}
            stream={group.stream}
            settings={group.checkpointing}
          />
        </>
      )}
    </div>
  );
}

function NoState() {
  return (
    <Notice
      title="No group keeps state yet"
      why="A processor of the client library keeps state by key: it counts, joins or detects. Create its group with checkpoints, and start it."
    >
      <Command text="foreshard.processor({ group: 'totals', stream: 'main', version: '1' })" />
    </Notice>
  );
}
