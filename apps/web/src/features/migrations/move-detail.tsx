'use client';

/** One move: its figures, what has been compared, its journal, and what can be ordered with what follows. */
import { useQuery } from '@tanstack/react-query';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { Fact } from '../../components/fact.tsx';
import { Dialog, DialogContent } from '../../components/ui/dialog.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { When } from '../../components/when.tsx';
import { formatBytes, formatCount } from '../../formatting/numbers.ts';
import type { MoveView } from '../../server/migrations/move-views.ts';
import { etaText, StateBadge, Steps } from './move-line.tsx';
import { MoveOrders } from './move-orders.tsx';

/** The newest lines of the journal; the command shows all. */
const TAIL = 50;

export function MoveDetail({ id, onClose }: { id: number; onClose(): void }) {
  const trpc = useTRPC();
  const shown = useQuery({
    ...trpc.migrations.show.queryOptions({ id }),
    refetchInterval: (query) => (query.state.data?.move.endedAtMs == null ? LIST_REFRESH_MS : false),
  });
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent title={`Move ${id}`} className="w-[min(48rem,calc(100vw-2rem))]">
        {shown.data === undefined ? (
          shown.error === null ? (
            <Skeleton className="mt-4 h-40" />
          ) : (
            <p className="mt-4 text-bad text-sm">{shown.error.message}</p>
          )
        ) : (
          <Shown {...shown.data} />
        )}
      </DialogContent>
    </Dialog>
  );
}

interface ShownProps {
  readonly move: MoveView;
  readonly journal: readonly { atMs: number; worker: string; what: string; bytes: number; detail: string }[];
  readonly atMs: number;
}

function Shown({ move, journal, atMs }: ShownProps) {
  const verified = journal.findLast((step) => step.what === 'verified');
  const differed = journal.filter((step) => step.what === 'differed').length;
  const limit = move.bytesPerSecondMax;
  return (
    <div className="mt-4 grid gap-4">
      <div className="flex flex-wrap items-center gap-3">
        <StateBadge move={move} />
        <Steps move={move} />
      </div>
      <dl className="tabular grid grid-cols-2 gap-x-6 gap-y-2 text-sm sm:grid-cols-3">
        <Fact name="Shardlet">{move.shardlet}</Fact>
        <Fact name="From">{move.sourceName}</Fact>
        <Fact name="To">{move.destName}</Fact>
        <Fact name="Copied">{`${formatBytes(move.bytes)}, ${formatCount(move.records)} records`}</Fact>
        <Fact name="Rate">{`${formatBytes(move.bytesPerSecond)}/s`}</Fact>
        <Fact name="Left">{move.endedAtMs === null ? etaText(move) : '–'}</Fact>
        <Fact name="Behind by">{`${formatCount(move.lag)} records`}</Fact>
        <Fact name="Limit">{limit === null ? 'what the hosts bear' : `${formatBytes(limit)}/s`}</Fact>
        <Fact name="Digests">
          {verified === undefined ? 'not compared to the end yet' : verified.detail}
          {differed > 0 ? `; ${formatCount(differed)} differences were copied again` : ''}
        </Fact>
        <Fact name="Asked for by">{move.actor}</Fact>
        <Fact name="Why">{move.reason}</Fact>
        {move.detail === '' ? null : <Fact name="How it ended">{move.detail}</Fact>}
      </dl>
      {move.obstacle === '' ? null : <p className="text-sm text-warn">{move.obstacle}</p>}
      <MoveOrders move={move} />
      <section>
        <h3 className="mb-2 font-semibold text-sm">Journal</h3>
        {journal.length === 0 ? <p className="text-soft text-sm">No step was taken yet.</p> : null}
        <ol className="max-h-64 overflow-y-auto font-mono text-xs">
          {journal.slice(-TAIL).map((step, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines are only ever added at the end
            <li key={i} className="flex gap-3 py-0.5">
              <When ms={step.atMs} nowMs={atMs} className="shrink-0 text-faint" />
              <span className="shrink-0 font-medium">{step.what}</span>
              <span className="text-soft">{step.detail}</span>
            </li>
          ))}
        </ol>
      </section>
    </div>
  );
}
