'use client';

/**
 * How many changes are not saved, and the ways on. It stands at the end of the form and sticks to the window only while
 * that is further down; fields that get the focus stop above it (`CLEAR_OF_BAR`).
 */
import { policy } from '@foreshard/core/operations';
import { SlidersHorizontal } from 'lucide-react';
import Link from 'next/link';
import { useState } from 'react';
import { cn } from '../../components/class-names.ts';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { KEEPS_UNSAVED } from '../../components/leaving.tsx';
import { MayButton } from '../../components/may-button.tsx';
import { ProblemText } from '../../components/problem-text.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Field } from '../../components/ui/field.tsx';
import { formatCounted } from '../../formatting/numbers.ts';
import { whatIfLink } from '../what-if/what-if-address.ts';
import { keepDraft } from './kept-draft.ts';
import { NewerVersion } from './newer-version.tsx';
import { documentOf } from './policy-values.ts';
import type { PolicyFormState } from './use-policy-form.ts';

/** More than the bar is high, and less than half of a phone. */
export const CLEAR_OF_BAR =
  '[&_:is(input,select,button,a)]:scroll-mt-20 [&_:is(input,select,button,a)]:scroll-mb-40';

interface BarProps {
  readonly state: PolicyFormState;
  readonly newest: Parameters<typeof NewerVersion>[0]['newest'];
  readonly fields: Parameters<typeof NewerVersion>[0]['fields'];
}

export function SaveBar({ state, newest, fields }: BarProps) {
  const { problems, isBehind, save } = state;
  const [areDetailsOpen, setDetailsOpen] = useState(false);
  const root = problems.get('root');
  return (
    <>
      {isBehind && !save.isPending ? <NewerVersion state={state} newest={newest} fields={fields} /> : null}
      <section
        aria-label="Unsaved changes"
        className="sticky bottom-0 z-20 -mx-4 grid gap-3 border-line-strong border-t bg-surface px-5 py-3 shadow-raised sm:mx-0 sm:rounded-t-lg sm:border-x"
      >
        <ProblemText error={isBehind ? null : save.error} />
        {isBehind ? (
          <p className="text-sm text-warn">
            {`Version ${newest.version} was saved meanwhile. `}
            <a href="#newer-title" className="font-medium text-accent hover:underline">
              Compare
            </a>
          </p>
        ) : null}
        {root === undefined ? null : <p className="text-bad text-sm">{root}</p>}
        <div className={cn('grid gap-3 sm:grid-cols-2 lg:grid', areDetailsOpen ? '' : 'max-lg:hidden')}>
          <Details state={state} />
        </div>
        <div className="flex flex-wrap items-center justify-end gap-2">
          <Button
            look="quiet"
            size="icon"
            className="mr-auto lg:hidden"
            aria-label="Note and time"
            aria-expanded={areDetailsOpen}
            onClick={() => setDetailsOpen(!areDetailsOpen)}
          >
            <SlidersHorizontal />
          </Button>
          <Ways state={state} areDetailsOpen={areDetailsOpen} />
        </div>
      </section>
    </>
  );
}

function Details({ state: { form, problems } }: Pick<BarProps, 'state'>) {
  return (
    <>
      <Field label="Why" hint="Kept with the version" {...form.register('note')} />
      <Field
        label="Active from"
        type="datetime-local"
        error={problems.get('effective')}
        hint={`${Intl.DateTimeFormat().resolvedOptions().timeZone}; empty: at once`}
        {...form.register('effective')}
      />
    </>
  );
}

function Ways({ state, areDetailsOpen }: Pick<BarProps, 'state'> & { areDetailsOpen: boolean }) {
  const { base, values, changes, problems, isBehind, save, order } = state;
  const numbers = changes.filter(({ after }) => typeof after === 'number');
  const wrong = problems.size - (problems.has('root') ? 1 : 0);
  const isGood = problems.size === 0;
  return (
    <>
      <p role="status" className="mr-auto text-bad text-sm">
        {wrong === 0 ? '' : `${formatCounted(wrong, 'setting')} to correct`}
      </p>
      {numbers.length === 0 || !isGood ? null : (
        <Link
          href={whatIfLink([{ kind: 'policy', policy: documentOf(numbers) }])}
          onClick={() => keepDraft({ base, values })}
          {...KEEPS_UNSAVED}
          className={cn('px-2 text-accent text-sm hover:underline', areDetailsOpen ? '' : 'max-sm:hidden')}
        >
          Simulate it now
        </Link>
      )}
      {isGood ? (
        <span className="max-sm:hidden">
          <EdgeCurl operation={policy.change} input={order()} />
        </span>
      ) : null}
      <Button look="quiet" onClick={state.discard}>
        Discard
      </Button>
      <MayButton may={policy.change} type="submit" look="primary" disabled={isBehind} busy={save.isPending}>
        {`Save ${formatCounted(changes.length, 'change')}`}
      </MayButton>
    </>
  );
}
