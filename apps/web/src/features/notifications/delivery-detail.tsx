'use client';

/** One message: its text, and every attempt with the answer. */
import { useQuery } from '@tanstack/react-query';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { Notice } from '../../components/notice.tsx';
import { Dialog, DialogContent } from '../../components/ui/dialog.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { useZone } from '../../components/zone.tsx';
import { formatMoment } from '../../formatting/time.ts';

const INDENT = 2;

export function DeliveryDetail({ id, onClose }: { id: string; onClose(): void }) {
  const trpc = useTRPC();
  const { zone } = useZone();
  const found = useQuery({
    ...trpc.notifications.delivery.queryOptions({ id }),
    // its next attempt shows without a reload
    refetchInterval: ({ state }) => (state.data?.state === 'waiting' ? LIST_REFRESH_MS : false),
  });
  const { data } = found;
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent
        title={data?.title ?? 'Delivery'}
        description={`webhook-id ${id}`}
        className="w-[min(46rem,calc(100vw-2rem))]"
      >
        {found.isPending ? <Skeleton className="mt-4 h-48" /> : null}
        {found.error === null ? null : (
          <Notice tone="bad" title="It could not be read" why={found.error.message} />
        )}
        {data === undefined ? null : (
          <div className="mt-4 grid gap-5">
            <section>
              <h3 className="mb-2 font-semibold text-sm">Attempts</h3>
              {data.attempts.length === 0 ? (
                <p className="text-sm text-soft">It was not tried yet.</p>
              ) : (
                <ol className="tabular grid gap-2 text-sm">
                  {data.attempts.map(({ atMs, status, durationMs, response }) => (
                    <li key={atMs}>
                      <p>
                        {formatMoment(atMs, zone)}: {status ?? 'no answer'} in {durationMs} ms
                      </p>
                      {response === '' ? null : (
                        <p className="break-all font-mono text-soft text-xs">{response}</p>
                      )}
                    </li>
                  ))}
                </ol>
              )}
              {data.state === 'waiting' && data.attempts.length > 0 ? (
                <p className="mt-2 text-sm text-soft">Tried again at {formatMoment(data.nextMs, zone)}.</p>
              ) : null}
            </section>
            <section>
              <h3 className="mb-2 font-semibold text-sm">Body</h3>
              <pre
                // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling box must be reachable by keyboard
                tabIndex={0}
                className="max-h-72 overflow-auto rounded-md border border-line bg-sunken p-3 font-mono text-xs"
              >
                {JSON.stringify(JSON.parse(data.body), null, INDENT)}
              </pre>
            </section>
          </div>
        )}
      </DialogContent>
    </Dialog>
  );
}
