'use client';

/**
 * The state of the form of the policy. What was typed is kept apart from the version it was typed on: when somebody saves
 * another one meanwhile, nothing typed is lost, and it can be put on the new version.
 */
import type { policy as operations } from '@foreshard/core/operations';
import { type Policy, policyDifferences } from '@foreshard/core/planning';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useDeferredValue, useEffect, useMemo, useState } from 'react';
import { type FieldErrors, type Resolver, useForm, useWatch } from 'react-hook-form';
import { toast } from 'sonner';
import type { z } from 'zod';
import { useTRPC } from '../../components/api.ts';
import type { PolicyField } from '../../server/policies/policy-fields.ts';
import { takeDraft } from './kept-draft.ts';
import { draftOf, type FormValues, problemsOf, rebased, type Version, valuesOf } from './policy-values.ts';
import { problemOfTime } from './starting-time.ts';

interface Context {
  readonly base: Version;
  readonly fields: readonly PolicyField[];
  readonly nowMs: number;
}

export type PolicyFormState = ReturnType<typeof usePolicyForm>;

export function usePolicyForm(newest: Version, fields: readonly PolicyField[], nowMs: number) {
  /** what the changes are made on */
  const [base, setBase] = useState(newest);
  const form = useForm<FormValues, Context>({
    defaultValues: untouched(newest.policy, fields),
    resolver: judge,
    context: { base, fields, nowMs },
  });
  const values = useWatch({ control: form.control }) as FormValues;
  const draft = useMemo(() => draftOf(base.policy, values, fields), [base, values, fields]);
  const problems = useMemo(() => problemsIn(values, { base, fields, nowMs }), [base, values, fields, nowMs]);
  const changes = policyDifferences(base.policy, draft);
  // what was just saved is newer than what was read last
  const isBehind = newest.version > base.version;
  const settle = (version: Version, next = untouched(version.policy, fields)) => {
    setBase(version);
    form.reset(next);
  };
  const save = useSave(settle);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, on the way back from a simulation
  useEffect(() => {
    const kept = takeDraft(fields);
    if (kept !== undefined) settle(kept.base, kept.values);
  }, []);
  const isUntouched = changes.length === 0;
  // nothing typed could be lost
  // biome-ignore lint/correctness/useExhaustiveDependencies: of these two alone
  useEffect(() => {
    if (isBehind && isUntouched) settle(newest);
  }, [isBehind, isUntouched]);
  const isGood = !isUntouched && problems.size === 0;
  const drafted = useDeferredValue(isGood ? JSON.stringify(draft) : undefined);
  return {
    ...{ form, values, base, draft, changes, problems, isBehind, save },
    /** undefined: nothing was changed, or not everything typed is good */
    drafted: drafted === undefined ? undefined : (JSON.parse(drafted) as Policy),
    discard() {
      settle(isBehind ? newest : base);
      save.reset();
    },
    /** `theirs`: paths that stay as somebody else has saved them */
    putOnNewest(theirs: ReadonlySet<string>) {
      const merged = rebased(values, { base: base.policy, newest: newest.policy }, fields, theirs);
      settle(newest, { ...merged, note: values.note, effective: values.effective });
      save.reset();
    },
    order: (): z.input<typeof operations.change.input> => ({
      ...{ from: base.version, policy: draft as never, note: values.note },
      ...(values.effective === '' ? {} : { effectiveAt: new Date(values.effective).toISOString() }),
    }),
  };
}

function untouched(policy: Policy, fields: readonly PolicyField[]): FormValues {
  return { ...valuesOf(policy, fields), note: '', effective: '' };
}

/** By the schema that the API has; its refusals are said with the units of the form. */
function problemsIn(values: FormValues, { base, fields, nowMs }: Context): ReadonlyMap<string, string> {
  const problems = new Map(problemsOf(base.policy, values, fields));
  const late = problemOfTime(values.effective, base, nowMs);
  if (late !== undefined) problems.set('effective', late);
  return problems;
}

/** Where something is wrong nothing is sent, and the first wrong field gets the focus. */
const judge: Resolver<FormValues, Context> = (values, context) => {
  const errors: Record<string, unknown> = {};
  for (const [name, message] of problemsIn(values, context!)) {
    const [field, setting] = name.split('.') as [string, string | undefined];
    const error = { type: 'policy', message };
    errors[field] = setting === undefined ? error : { ...(errors[field] as object), [setting]: error };
  }
  return Object.keys(errors).length === 0
    ? { values, errors: {} }
    : { values: {}, errors: errors as FieldErrors<FormValues> };
};

function useSave(onSaved: (version: Version) => void) {
  const trpc = useTRPC();
  const client = useQueryClient();
  return useMutation(
    trpc.operations.policy.change.mutationOptions({
      onSuccess: async ({ version, actor, policy, effectiveAt, absent }, order) => {
        const when = order.effectiveAt === undefined ? 'is active' : 'will be active from that time on';
        toast.success(`Version ${version} ${when}`);
        if (absent.length > 0)
          toast.warning(`No ${absent.join(', no ')}`, {
            description: 'What the policy says of it has no effect until it exists.',
          });
        onSaved({ version, actor, policy, effectiveMs: Date.parse(effectiveAt!) });
        await client.invalidateQueries();
      },
      // most often because somebody has saved another version
      onError: () => client.invalidateQueries({ queryKey: trpc.policies.current.queryKey() }),
    }),
  );
}
