'use client';

/** One order or denial: who, from where, what was asked and what it changed. */
import type { audit, OutputOf } from '@foreshard/core/operations';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTRPC } from '../../components/api.ts';
import { Fact } from '../../components/fact.tsx';
import { Notice } from '../../components/notice.tsx';
import { Dialog, DialogContent } from '../../components/ui/dialog.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { useZone } from '../../components/zone.tsx';
import { formatMoment } from '../../formatting/time.ts';
import { differences, leavesOf } from './differences.ts';
import { OutcomeBadge } from './outcome-badge.tsx';

type Entry = OutputOf<typeof audit.show>;

export function AuditDetail({ id, onClose }: { id: string; onClose(): void }) {
  const trpc = useTRPC();
  const found = useQuery(trpc.operations.audit.show.queryOptions({ id }));
  const entry = found.data;
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent
        title={entry === undefined ? 'Record' : titleOf(entry)}
        description={`record ${id}`}
        className="w-[min(52rem,calc(100vw-2rem))]"
      >
        {found.isPending ? <Skeleton className="mt-4 h-64" /> : null}
        {found.error === null ? null : (
          <Notice tone="bad" title="It could not be read" why={found.error.message} />
        )}
        {entry === undefined ? null : <Shown entry={entry} />}
      </DialogContent>
    </Dialog>
  );
}

function titleOf({ operation, target }: Entry): string {
  return target === '' ? operation : `${operation} ${target}`;
}

function Shown({ entry }: { entry: Entry }) {
  const { zone } = useZone();
  const { at, endedAt, actor, actorKind, address, surface, session, requestId, reason, seal } = entry;
  const { outcome, code, detail, input, before, after } = entry;
  const tookMs = Date.parse(endedAt) - Date.parse(at);
  return (
    <section
      aria-label="Record"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling box must be reachable by keyboard
      tabIndex={0}
      className="mt-4 grid max-h-[70vh] gap-5 overflow-y-auto outline-none"
    >
      <dl className="grid grid-cols-2 gap-x-6 gap-y-3 text-sm sm:grid-cols-3">
        <Fact name="Outcome">
          <OutcomeBadge outcome={outcome} />
        </Fact>
        <Fact name="Asked for">
          {formatMoment(Date.parse(at), zone)}
          {tookMs > 0 ? <span className="text-faint">, took {tookMs} ms</span> : null}
        </Fact>
        <Fact name="Seal">{seal === null ? 'not yet' : seal}</Fact>
        <Fact name={`Actor (${actorKind})`}>
          <span className="break-all">{actor}</span>
        </Fact>
        <Fact name="From">
          {surface}
          {address === '' ? '' : ` ${address}`}
        </Fact>
        <Fact name="Session">
          <span className="break-all font-mono text-xs">{session ?? 'none'}</span>
        </Fact>
        <Fact name="Request">
          <span className="break-all font-mono text-xs">{requestId === '' ? 'none' : requestId}</span>
        </Fact>
        {reason === '' ? null : <Fact name="Reason">{reason}</Fact>}
      </dl>
      {code === null ? null : (
        <p className="rounded-md bg-sunken p-3 text-sm">
          <span className="font-mono text-xs">{code}</span> {detail}
        </p>
      )}
      {before !== null ? <Change before={before} after={after} /> : null}
      {isEmpty(input) ? null : <Values title="Input" document={input} />}
      {before === null && !isEmpty(after) ? <Values title="Result" document={after} /> : null}
    </section>
  );
}

function isEmpty(document: unknown): boolean {
  return leavesOf(document).size === 0 || JSON.stringify(document) === '{}';
}

function Change({ before, after }: { before: unknown; after: unknown }) {
  const rows = differences(before, after);
  return (
    <Section title="Change">
      {rows.length === 0 ? (
        <p className="text-sm text-soft">Nothing differs.</p>
      ) : (
        <table className="w-full text-left text-xs">
          <thead className="text-faint">
            <tr>
              <th className="py-1 pr-4 font-normal">Member</th>
              <th className="py-1 pr-4 font-normal">Before</th>
              <th className="py-1 font-normal">After</th>
            </tr>
          </thead>
          <tbody className="font-mono">
            {rows.map((row) => (
              <tr key={row.path} className="border-line border-t align-top">
                <th className="break-all py-1 pr-4 text-left font-normal">{row.path}</th>
                <td className="break-all py-1 pr-4 text-bad">
                  {row.before === undefined ? <span className="text-faint">–</span> : <del>{row.before}</del>}
                </td>
                <td className="break-all py-1 text-ok">
                  {row.after === undefined ? <span className="text-faint">–</span> : row.after}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}

function Values({ title, document }: { title: string; document: unknown }) {
  return (
    <Section title={title}>
      <dl className="grid grid-cols-[minmax(6rem,auto)_minmax(0,1fr)] gap-x-4 gap-y-1 font-mono text-xs">
        {[...leavesOf(document)].map(([path, value]) => (
          <div key={path} className="contents">
            <dt className="break-all text-faint">{path}</dt>
            <dd className="whitespace-pre-wrap break-all">{value}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <h3 className="mb-2 font-semibold text-sm">{title}</h3>
      {children}
    </section>
  );
}
