'use client';

/** A page of the shardlets of a group, those that are furthest behind first, and why each is where it is. */
import { cn } from '../../components/class-names.ts';
import { formatCount } from '../../formatting/numbers.ts';
import type { GroupDetail } from '../../server/consumers/group-views.ts';
import { Pager } from '../shardlets/pager.tsx';
import { whyWords } from './group-words.ts';

const WAITING_SHOWN = 10;

interface ShardletsProps
  extends Pick<GroupDetail, 'shardlets' | 'shardletCount' | 'waiting' | 'waitingCount'> {
  /** only its shardlets are shown */
  readonly member: string | null;
  readonly page: number;
  readonly pages: number;
  readonly outdated: boolean;
  onPage(page: number): void;
}

export function GroupShardlets(props: ShardletsProps) {
  const { shardlets, shardletCount, member, page, pages, outdated, onPage } = props;
  return (
    <section aria-labelledby="behind-title" className="min-w-0">
      <h3 id="behind-title" className="mb-2 text-faint text-xs">
        Shardlets{member === null ? '' : ` of ${member}`}, furthest behind first
        {shardletCount > shardlets.length ? `, ${formatCount(shardletCount)} in all` : ''}
      </h3>
      {shardletCount === 0 ? <p className="text-soft text-sm">No shardlet is assigned.</p> : null}
      <ul className={cn('tabular grid gap-2 text-sm transition-opacity', outdated && 'opacity-60')}>
        {shardlets.map(({ shardlet, member: holder, seq, lag, why }) => (
          <li key={shardlet} className="grid grid-cols-[4rem_minmax(0,1fr)_auto] gap-x-4">
            <span className="font-mono text-xs leading-5">{shardlet}</span>
            <span className="min-w-0 truncate text-soft">{holder ?? 'nobody'}</span>
            <span>
              {lag === null ? 'not known' : `${formatCount(lag)} behind`}
              <span className="text-faint"> at {formatCount(seq)}</span>
            </span>
            <span className="col-span-2 col-start-2 text-faint text-xs">{whyWords(why)}</span>
          </li>
        ))}
        {member === null && page === pages ? <Waiting {...props} /> : null}
      </ul>
      <div className="-mx-5 mt-3">
        <Pager page={page} pages={pages} onPage={onPage} />
      </div>
    </section>
  );
}

/** Those that nobody may have yet come last. */
function Waiting({ shardlets, waiting, waitingCount }: ShardletsProps) {
  const above = new Set(shardlets.map(({ shardlet }) => shardlet));
  const shown = waiting.filter(({ shardlet }) => !above.has(shardlet)).slice(0, WAITING_SHOWN);
  const more = waitingCount - shown.length;
  return (
    <>
      {shown.map(({ shardlet, parents }) => (
        <li key={shardlet} className="grid grid-cols-[4rem_minmax(0,1fr)] gap-x-4">
          <span className="font-mono text-xs leading-5">{shardlet}</span>
          <span className="text-soft">{whyWords({ kind: 'waits', parents })}</span>
        </li>
      ))}
      {shown.length === WAITING_SHOWN && more > 0 ? (
        <li className="text-faint text-xs">{formatCount(more)} more wait for their parents.</li>
      ) : null}
    </>
  );
}
