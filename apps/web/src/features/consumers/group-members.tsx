'use client';

/** The members of a group: what each has, how far it is, and how old the checkpoints of its state are. */
import { When } from '../../components/when.tsx';
import { formatCount, formatCounted, formatRate } from '../../formatting/numbers.ts';
import { formatAgo } from '../../formatting/time.ts';
import type { GroupDetail } from '../../server/consumers/group-views.ts';
import { memberStateWords } from './group-words.ts';

const MICROS_PER_MS = 1_000;

type Member = GroupDetail['members'][number];

interface MembersProps extends Pick<GroupDetail, 'members' | 'checkpointing'> {
  readonly nowMs: number;
  /** only its shardlets are shown */
  readonly chosen: string | null;
  onChoose(member: string | null): void;
}

export function GroupMembers({ members, checkpointing, nowMs, chosen, onChoose }: MembersProps) {
  return (
    <section aria-labelledby="members-title" className="min-w-0">
      <h3 id="members-title" className="mb-2 text-faint text-xs">
        Members{members.length > 1 ? `, ${formatCount(members.length)}` : ''}
      </h3>
      {members.length === 0 ? <p className="text-soft text-sm">Nobody reads just now.</p> : null}
      <div tabIndex={members.length > 8 ? 0 : undefined} className="max-h-[28rem] overflow-y-auto">
        <ul className="grid gap-2.5 text-sm">
          {members.map((member) => (
            <MemberLine
              key={member.id}
              member={member}
              nowMs={nowMs}
              keepsState={checkpointing !== null}
              isChosen={member.id === chosen}
              onChoose={onChoose}
            />
          ))}
        </ul>
      </div>
    </section>
  );
}

interface LineProps extends Pick<MembersProps, 'nowMs' | 'onChoose'> {
  readonly member: Member;
  readonly keepsState: boolean;
  readonly isChosen: boolean;
}

function MemberLine({ member, nowMs, keepsState, isChosen, onChoose }: LineProps) {
  const { id, seenAtMs, shardlets, lag, load, oldestAt, state } = member;
  return (
    <li className="grid gap-x-4 sm:grid-cols-[minmax(0,1fr)_auto]">
      <span className="min-w-0 truncate font-medium" title={id}>
        {id}
      </span>
      <span className="text-soft">
        <button
          type="button"
          className="text-accent underline-offset-4 hover:underline aria-pressed:underline"
          aria-pressed={isChosen}
          title={isChosen ? 'Show shardlets of all members' : 'Show its shardlets only'}
          onClick={() => onChoose(isChosen ? null : id)}
        >
          {formatCounted(shardlets, 'shardlet')}
        </button>
        {load === null ? '' : `, ${formatRate(load)} events/s expected`}, seen {formatAgo(nowMs - seenAtMs)}
      </span>
      <span className="text-faint text-xs sm:col-span-2">
        {lag === null ? 'lag not known' : `${formatCount(lag)} behind`}
        {oldestAt === null ? null : (
          <>
            , oldest uncommitted event of <When ms={oldestAt / MICROS_PER_MS} nowMs={nowMs} />
          </>
        )}
      </span>
      {keepsState && shardlets > 0 ? (
        <span className="text-faint text-xs sm:col-span-2">
          {state === null || state.oldestCheckpointAt === null ? null : (
            <>
              oldest checkpoint of <When ms={state.oldestCheckpointAt} nowMs={nowMs} />
              {', '}
            </>
          )}
          {memberStateWords(state)}
        </span>
      ) : null}
    </li>
  );
}
