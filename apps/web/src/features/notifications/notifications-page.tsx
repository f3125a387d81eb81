'use client';

/** Who is told of what waits for people and what is wrong, what is wrong now, and what was sent. */
import { notifications } from '@foreshard/core/operations';
import { useQuery } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { parseAsString, useQueryStates } from 'nuqs';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { useLive } from '../../components/live/live-provider.tsx';
import { MayButton } from '../../components/may-button.tsx';
import { Notice } from '../../components/notice.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { ListPage } from '../list-page.tsx';
import { AddTarget } from './add-target.tsx';
import { Alarms } from './alarms.tsx';
import { DeliveryLog } from './delivery-log.tsx';
import { TargetLine } from './target-line.tsx';

export function NotificationsPage() {
  const trpc = useTRPC();
  const { status } = useLive();
  const [{ target, delivery }, set] = useQueryStates({ target: parseAsString, delivery: parseAsString });
  const list = useQuery({
    ...trpc.notifications.list.queryOptions(),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  const kinds = list.data?.kinds ?? [];
  return (
    <div className="grid gap-5">
      {list.data === undefined ? null : <Alarms alarms={list.data.alarms} nowMs={list.data.atMs} />}
      <ListPage
        error={list.data === undefined ? list.error : null}
        loading={list.isPending}
        onRetry={() => void list.refetch()}
        head={
          <div className="flex flex-wrap items-center justify-between gap-3">
            <div>
              <h2 className="font-semibold">Targets</h2>
              <p className="text-sm text-soft">
                Each gets signed messages of the kinds it wants, never the same twice.
              </p>
            </div>
            <AddTarget kinds={kinds}>
              <MayButton may={notifications.addTarget} look="primary">
                <Plus /> New target
              </MayButton>
            </AddTarget>
          </div>
        }
        empty={
          list.data?.targets.length === 0 ? (
            <Notice
              title="Nobody is told yet"
              why="Recommendations that wait for approval, failed moves and alarms are shown here and on the overview. Add a webhook or a Slack channel to be told of them."
            />
          ) : undefined
        }
      >
        <ul className="border-line border-t">
          {list.data?.targets.map((one) => (
            <TargetLine
              key={one.name}
              target={one}
              kindsCount={kinds.length}
              onShow={() => void set({ target: one.name, delivery: null })}
            />
          ))}
        </ul>
      </ListPage>
      <Card aria-labelledby="log-title" className="overflow-hidden">
        <CardHead id="log-title" title="Deliveries" hint={target === null ? 'newest first' : `to ${target}`}>
          {target === null ? null : (
            <Button size="sm" onClick={() => void set({ target: null })}>
              Show all targets
            </Button>
          )}
        </CardHead>
        <DeliveryLog
          target={target}
          opened={delivery}
          onOpen={(id) => void set({ delivery: id }, { history: 'push' })}
          onClose={() => void set({ delivery: null })}
        />
      </Card>
    </div>
  );
}
