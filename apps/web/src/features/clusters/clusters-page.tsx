'use client';

/** Clusters that are not ours, each with its hosts, and the ways to its pictures and recommendations. */
import { useQuery } from '@tanstack/react-query';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { Notice } from '../../components/notice.tsx';
import { Command } from '../../components/ui/copy-button.tsx';
import { ListPage } from '../list-page.tsx';
import { AddCluster } from './add-cluster.tsx';
import { ClusterCard } from './cluster-card.tsx';

const ADD = 'npm run foreshard -- clusters add legacy --csv load.csv --hosts hosts.csv';

export function ClustersPage() {
  const trpc = useTRPC();
  const { status } = useLive();
  const list = useQuery({
    ...trpc.clusters.list.queryOptions(),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  const { rows = [], targets = [] } = list.data ?? {};
  if (rows.length > 0)
    return (
      <div className="grid gap-5">
        <div className="flex justify-end">
          <AddCluster targets={targets} />
        </div>
        {rows.map((row) => (
          <ClusterCard key={row.name} cluster={row} targets={targets} nowMs={list.data!.atMs} />
        ))}
      </div>
    );
  return (
    <ListPage
      error={list.data === undefined ? list.error : null}
      loading={list.isPending}
      onRetry={() => void list.refetch()}
      empty={
        <Notice
          title="No other cluster yet"
          why="Foreshard can observe, forecast and advise a cluster that it does not run: give it the load of its partitions as a CSV (time, partition, host, events_per_second). No data is moved."
        >
          <div className="grid justify-items-center gap-3">
            <AddCluster targets={targets} />
            <Command text={ADD} />
          </div>
        </Notice>
      }
    >
      {null}
    </ListPage>
  );
}
