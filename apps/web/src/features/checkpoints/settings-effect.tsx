'use client';

/** What the settings in the form would have meant in the last seven days, beside what the saved ones did. */
import type { CheckpointSettings } from '@foreshard/core/checkpointing';
import { checkpoints } from '@foreshard/core/operations';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTRPC } from '../../components/api.ts';
import { cn } from '../../components/class-names.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Loading } from '../../components/ui/skeleton.tsx';
import { Unreadable } from '../../components/unreadable.tsx';
import { useZone } from '../../components/zone.tsx';
import { BacklogChart } from './backlog-chart.tsx';
import { changeWords, coverageWords, EFFECT_ROWS, type Effects } from './effect-words.ts';
import { useSettled } from './use-settled.ts';

interface EffectProps {
  readonly group: string;
  readonly saved: CheckpointSettings;
  readonly draft: CheckpointSettings;
}

/** Typing pauses for so long between two keys at most. */
const SETTLED_MS = 400;
const FRESH_MS = 60_000;

export function SettingsEffect({ group, saved, draft }: EffectProps) {
  const trpc = useTRPC();
  const { settled, isSettling } = useSettled(draft, SETTLED_MS);
  const input = { group, ...settled };
  const effect = useQuery({
    ...trpc.operations.checkpoints.effect.queryOptions(input),
    placeholderData: keepPreviousData,
    staleTime: FRESH_MS,
  });
  const isUpdating = isSettling || (effect.isFetching && effect.data !== undefined);
  const isChanged = differs(saved, draft);
  return (
    <Card aria-labelledby="settings-effect" aria-busy={isUpdating}>
      <CardHead id="settings-effect" title="Effect" hint="the rule, replayed over the last 7 days">
        <div className="flex items-center gap-3">
          <span role="status" className="text-faint text-xs">
            {isUpdating ? 'Updating …' : ''}
          </span>
          <EdgeCurl operation={checkpoints.effect} input={input} />
        </div>
      </CardHead>
      {effect.data === undefined && effect.error !== null ? (
        <Unreadable
          title="The effect could not be computed"
          error={effect.error}
          onRetry={() => void effect.refetch()}
        />
      ) : effect.data === undefined ? (
        <Loading className="mx-5 mb-5 h-80" />
      ) : (
        <>
          {effect.error === null ? null : (
            <p role="alert" className="px-5 pb-2 text-sm text-warn">
              Not updated: {effect.error.message}
            </p>
          )}
          <Picture effects={effect.data} draft={settled} isChanged={isChanged} isOld={isUpdating} />
        </>
      )}
    </Card>
  );
}

interface PictureProps {
  readonly effects: Effects;
  readonly draft: CheckpointSettings;
  readonly isChanged: boolean;
  readonly isOld: boolean;
}

function Picture({ effects, draft, isChanged, isOld }: PictureProps) {
  const { zone } = useZone();
  const { saved, draft: tried } = effects;
  if (saved === null || tried === null)
    return (
      <p className="border-line border-t px-5 py-10 text-center text-soft text-sm">
        No telemetry of the last 7 days yet. The effect of settings is known from the first minutes of load
        on.
      </p>
    );
  return (
    <div className={cn('transition-opacity', isOld && 'opacity-60')}>
      <FigureTable saved={saved} draft={isChanged ? tried : undefined} />
      <BacklogChart
        hours={effects.hours}
        isChanged={isChanged}
        threshold={draft.aim === 'backlog' ? draft.checkpoint_threshold : undefined}
      />
      <p className="px-5 pb-4 text-faint text-xs">{coverageWords(effects, zone)}</p>
    </div>
  );
}

type Figures = NonNullable<Effects['saved']>;
const HEAD = 'h-8 px-3 text-right font-medium text-soft text-xs first:pl-5 first:text-left last:pr-5';
const CELL = 'tabular whitespace-nowrap px-3 py-1.5 text-right first:pl-5 last:pr-5';

function FigureTable({ saved, draft }: { saved: Figures; draft: Figures | undefined }) {
  return (
    <table className="w-full text-sm">
      <caption className="sr-only">What the settings mean, over the last 7 days</caption>
      <thead>
        <tr className="border-line border-y bg-sunken">
          <th scope="col" className={HEAD}>
            <span className="sr-only">Figure</span>
          </th>
          <th scope="col" className={HEAD}>
            Saved
          </th>
          {draft === undefined ? null : (
            <>
              <th scope="col" className={HEAD}>
                Draft
              </th>
              <th scope="col" className={cn(HEAD, 'max-sm:hidden')}>
                Change
              </th>
            </>
          )}
        </tr>
      </thead>
      <tbody>
        {EFFECT_ROWS.map(({ name, tip, of, format }) => {
          const [before, after] = [of(saved), draft && of(draft)];
          if (name === 'Out of reach' && before === 0 && (after ?? 0) === 0) return null;
          return (
            <tr key={name} className="border-line border-b">
              <th scope="row" className={cn(CELL, 'whitespace-normal text-left font-normal')} title={tip}>
                {name}
              </th>
              <td className={CELL}>{before === null ? 'not known' : format(before)}</td>
              {draft === undefined ? null : (
                <>
                  <td className={cn(CELL, 'font-medium')}>{after == null ? 'not known' : format(after)}</td>
                  <td className={cn(CELL, 'text-soft max-sm:hidden')}>
                    {before === null || after == null ? '' : changeWords(before, after)}
                  </td>
                </>
              )}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function differs(a: CheckpointSettings, b: CheckpointSettings): boolean {
  return Object.entries(b).some(([name, value]) => a[name as keyof CheckpointSettings] !== value);
}
