'use client';

/** The thresholds of the planner: a form made of the schema that validates them, and every version that ever held. */
import { policy } from '@foreshard/core/operations';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { toast } from 'sonner';
import { useTRPC } from '../../components/api.ts';
import { MayButton } from '../../components/may-button.tsx';
import { Notice } from '../../components/notice.tsx';
import { Badge } from '../../components/ui/badge.tsx';
import { Card, CardHead } from '../../components/ui/card.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { When } from '../../components/when.tsx';
import { PolicyForm } from './policy-form.tsx';
import { valueText } from './policy-values.ts';

export function PoliciesPage() {
  const trpc = useTRPC();
  const client = useQueryClient();
  const current = useQuery(trpc.policies.current.queryOptions());
  const rollback = useMutation(
    trpc.operations.policy.rollBack.mutationOptions({
      onSuccess: async (_, { to }) => {
        toast.success(`Version ${to} holds again`);
        await client.invalidateQueries();
      },
      onError: (error) => toast.error(error.message),
    }),
  );
  if (current.isPending) return <Skeleton className="h-96" />;
  if (current.data === undefined)
    return (
      <Card>
        <Notice tone="bad" title="The policy could not be read" why={current.error.message} />
      </Card>
    );
  const { newest, holding, sections, versions, atMs } = current.data;
  const fields = sections.flatMap((section) => section.fields);
  return (
    <div className="grid gap-5">
      <PolicyForm newest={newest} sections={sections} nowMs={atMs} />
      <Card aria-labelledby="versions-title" className="overflow-hidden">
        <CardHead id="versions-title" title="Versions" hint="every one that ever held" />
        {versions.length === 0 ? (
          <p className="border-line border-t px-5 py-6 text-sm text-soft">
            The defaults hold: nobody has changed them.
          </p>
        ) : (
          <ul className="border-line border-t">
            {versions.map(({ version, actor, note, effectiveMs, differences, isCalledOff }) => (
              <li
                key={version}
                className="flex flex-wrap items-center justify-between gap-3 border-line border-b px-5 py-3 text-sm last:border-b-0"
              >
                <div className="min-w-0">
                  <p className="flex flex-wrap items-center gap-2">
                    <span className="font-medium">Version {version}</span>
                    {version === holding ? <Badge tone="ok">holds now</Badge> : null}
                    {isCalledOff ? (
                      <Badge tone="neutral">called off</Badge>
                    ) : effectiveMs > atMs ? (
                      <Badge tone="warn">holds later</Badge>
                    ) : null}
                    <span className="text-soft text-xs">
                      {actor}, <When ms={effectiveMs} nowMs={atMs} />
                      {note === '' ? '' : `: ${note}`}
                    </span>
                  </p>
                  <p className="break-words font-mono text-soft text-xs">
                    {differences.length === 0
                      ? 'as before'
                      : differences
                          .map(
                            ({ path, before, after }) =>
                              `${path}: ${valueText(path, before, fields)} → ${valueText(path, after, fields)}`,
                          )
                          .join(', ')}
                  </p>
                </div>
                {version === newest.version ? null : (
                  <MayButton
                    may={policy.rollBack}
                    size="sm"
                    disabled={rollback.isPending}
                    onClick={() => rollback.mutate({ from: newest.version, to: version })}
                  >
                    Let it hold again
                  </MayButton>
                )}
              </li>
            ))}
          </ul>
        )}
      </Card>
    </div>
  );
}
