'use client';

/** Bursts that other events announce, the room that is kept for them, and how announcements turned out. */
import { anticipation } from '@foreshard/core/operations';
import { useQuery } from '@tanstack/react-query';
import { LIST_REFRESH_MS, useTRPC } from '../../components/api.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { Fact } from '../../components/fact.tsx';
import { useLive } from '../../components/live/live-provider.tsx';
import { formatCount, formatPercent } from '../../formatting/numbers.ts';
import { ListPage } from '../list-page.tsx';
import { type Announced, partOfKeys, type Surges, surgeState } from './surge-words.ts';

const HEAD = 'h-9 px-3 text-left font-medium text-soft text-xs first:pl-5 last:pr-5';
const CELL = 'px-3 py-2 first:pl-5 last:pr-5';

export function AnnouncedSurges({ stream }: { stream: string }) {
  const trpc = useTRPC();
  const { status } = useLive();
  const surges = useQuery({
    ...trpc.operations.anticipation.surges.queryOptions({ stream }),
    refetchInterval: status === 'paused' ? false : LIST_REFRESH_MS,
  });
  return (
    <ListPage
      error={surges.data === undefined ? surges.error : null}
      loading={surges.isPending}
      onRetry={() => void surges.refetch()}
      head={
        <div>
          <h2 className="font-semibold text-md">Announced surges and reserves</h2>
          <p className="max-w-2xl text-sm text-soft">
            Some events announce a burst of other keys. Each announcement ends by itself at the time shown,
            and what was cut for it is merged again when it is cold.
          </p>
        </div>
      }
    >
      {surges.data === undefined ? null : <Found surges={surges.data} stream={stream} />}
    </ListPage>
  );
}

function Found({ surges, stream }: { surges: Surges; stream: string }) {
  const { figures, reserve, kinds, kindsByChance, announced } = surges;
  return (
    <>
      <dl className="flex flex-wrap gap-x-10 gap-y-3 px-5 pb-4 text-sm">
        <Fact name="Kinds that announce">{formatCount(kinds)}</Fact>
        <Fact name="Of them by chance">{formatCount(kindsByChance)}</Fact>
        <Fact name="Came">{figures === null ? 'none yet' : formatCount(figures.came)}</Fact>
        <Fact name="False alarms">{figures === null ? 'none yet' : formatCount(figures.falseAlarms)}</Fact>
        <Fact name="Bursts announced">
          {figures?.recall == null ? 'no burst yet' : formatPercent(figures.recall)}
        </Fact>
        <Fact name="Minutes ahead">
          {figures?.leadMinutes == null ? 'not known' : figures.leadMinutes.toFixed(0)}
        </Fact>
        <Fact name="Reserves">{reserve === 0 ? 'off' : `on, at ${reserve}`}</Fact>
      </dl>
      {announced.length === 0 ? (
        <p className="px-5 pb-4 text-sm text-soft">Nothing is announced at the moment.</p>
      ) : (
        <Rows announced={announced} />
      )}
      <div className="flex justify-end px-5 py-3">
        <EdgeCurl operation={anticipation.surges} input={{ stream }} />
      </div>
    </>
  );
}

function Rows({ announced }: { announced: readonly Announced[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section tabIndex={0} aria-label="Announced surges" className="relative overflow-x-auto">
      <table className="tabular w-full text-sm">
        <thead>
          <tr className="border-line border-y bg-sunken">
            <th className={HEAD}>Cause</th>
            <th className={HEAD}>Burst in keys</th>
            <th className={HEAD}>Probability</th>
            <th className={HEAD}>Events/s more</th>
            <th className={HEAD}>State</th>
            <th className={HEAD}>Ends</th>
            <th className={HEAD}>Evidence</th>
          </tr>
        </thead>
        <tbody>
          {announced.map((one) => (
            <tr
              key={`${one.cause} ${one.target.from} ${one.announcedAt}`}
              className="border-line border-b last:border-b-0"
            >
              <td className={CELL}>{one.cause}</td>
              <td className={CELL}>{partOfKeys(one.target)}</td>
              <td className={CELL}>{formatPercent(one.probability)}</td>
              <td className={CELL}>{formatCount(Math.round(one.eventsPerSecond))}</td>
              <td className={CELL}>{surgeState(one)}</td>
              <td className={CELL}>{one.endsAt.slice(11, 16)} UTC</td>
              <td className={CELL}>
                {one.evidence.hits} of {one.evidence.causes}, by chance {one.evidence.byChance.toFixed(1)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
