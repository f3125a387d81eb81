'use client';

/** One recommendation with its evidence, what else was thought of, and the decision. */
import { confidenceWords, realisedWords } from '@foreshard/core/advising';
import { Check, X } from 'lucide-react';
import { Fact } from '../../components/fact.tsx';
import { Badge } from '../../components/ui/badge.tsx';
import { Dialog, DialogContent } from '../../components/ui/dialog.tsx';
import { When } from '../../components/when.tsx';
import type { RecommendationView } from '../../server/recommendations/recommendation-view.ts';
import { Decide } from './decide.tsx';
import { MeasuredBadge } from './measured-badge.tsx';
import { costTexts, Places, StateBadge } from './recommendation-line.tsx';

export function RecommendationDetail({
  row,
  nowMs,
  onClose,
  onOpen,
}: {
  row: RecommendationView;
  nowMs: number;
  onClose(): void;
  onOpen(id: number): void;
}) {
  const { body } = row;
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent title={row.title} description={body.reason} className="w-[min(46rem,calc(100vw-2rem))]">
        <div className="mt-4 grid gap-5">
          <div className="flex flex-wrap items-center gap-3 text-sm">
            <StateBadge row={row} />
            <Places row={row} />
            {row.cluster === '' ? null : <Badge>cluster {row.cluster}</Badge>}
            <MeasuredBadge of={body} />
            <span className="text-faint text-xs">
              revision {row.revision}, topology {row.topologyVersion}, policy {row.policyVersion}
            </span>
          </div>
          <dl className="tabular grid grid-cols-2 gap-x-6 gap-y-2.5 text-sm sm:grid-cols-3">
            <Fact name="Overload if nothing is done">
              {body.overloadAt === null ? (
                'none foreseen'
              ) : (
                <When ms={Date.parse(body.overloadAt)} nowMs={nowMs} />
              )}
            </Fact>
            <Fact name="Effect">{effectText(row)}</Fact>
            <Fact name="Worth">{worthText(body)}</Fact>
            <Fact name="Came true">{realisedWords(row.realised, body.gain) ?? 'not known yet'}</Fact>
            <Fact name="Cost">{costTexts(row).join(', ')}</Fact>
            <Fact name="Confidence">{confidenceWords(body)}</Fact>
            <Fact name={row.state === 'open' ? 'Expires' : 'Last proposed'}>
              <When ms={row.state === 'open' ? row.expiresMs : row.lastMs} nowMs={nowMs} />
            </Fact>
            {row.firstApproval === null || row.state !== 'open' ? null : (
              <Fact name="Approved first by">
                {row.firstApproval.by}, <When ms={row.firstApproval.atMs} nowMs={nowMs} />: waits for a second
                person
              </Fact>
            )}
            {row.decidedMs === null ? null : (
              <Fact name="Decided">
                {row.decidedBy}, <When ms={row.decidedMs} nowMs={nowMs} />
                {row.note === '' ? '' : `: ${row.note}`}
              </Fact>
            )}
            {row.notBeforeMs === null || row.state !== 'approved' ? null : (
              <Fact name="Begins">
                <When ms={row.notBeforeMs} nowMs={nowMs} />
              </Fact>
            )}
            {row.result === '' ? null : <Fact name="Result">{row.result}</Fact>}
            {row.replacedBy === null ? null : (
              <Fact name="Replaced by">
                <button
                  type="button"
                  className="font-medium text-accent hover:underline"
                  onClick={() => onOpen(row.replacedBy!)}
                >
                  {`recommendation ${row.replacedBy}`}
                </button>
              </Fact>
            )}
          </dl>
          <Checks checks={body.checks} />
          <Alternatives alternatives={body.alternatives} chosen={body.gain?.expected ?? null} />
          <Decide row={row} onDone={onClose} />
        </div>
      </DialogContent>
    </Dialog>
  );
}

/** What it does to the two hosts. */
function effectText({ sourceName, destinationName, body: { effect } }: RecommendationView): string {
  if (effect === undefined) return 'moves no load';
  const { sourceBefore, sourceAfter, destinationAfter } = effect;
  return `${sourceName} ${share(sourceBefore)} → ${share(sourceAfter)}, ${destinationName} up to ${share(destinationAfter)}`;
}

/** A cost of next to nothing makes any multiple: beyond a hundred it says no more. */
function worthText({ gain, cost }: RecommendationView['body']): string {
  if (gain === null || cost.objective <= 0) return 'not weighed';
  const [low, high] = [gain.low, gain.high].map((one) => Math.round(one / cost.objective));
  if (low! > 100) return 'more than 100 times what moving costs';
  return low === high ? `${low} times what moving costs` : `${low} to ${high} times what moving costs`;
}

function share(value: number): string {
  return `${Math.round(100 * value)} %`;
}

function Checks({ checks }: Pick<RecommendationView['body'], 'checks'>) {
  if (checks.length === 0) return null;
  return (
    <section>
      <h3 className="mb-2 font-semibold text-sm">Checked against the policy</h3>
      <ul className="grid gap-1 text-sm">
        {checks.map(({ check, value, limit, passed }) => (
          <li key={check} className="tabular flex items-center gap-2">
            {passed ? (
              <Check aria-label="passed" className="size-4 text-ok" />
            ) : (
              <X aria-label="not passed" className="size-4 text-bad" />
            )}
            <code className="font-mono text-xs">{check}</code>
            <span className="text-soft">{`${shown(value)}, limit ${shown(limit)}`}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function shown(value: number): string {
  return value >= 10 ? String(Math.round(value)) : value.toFixed(2);
}

const WHY: Record<string, string> = {
  'smaller-gain': 'gains less',
};

function Alternatives({
  alternatives,
  chosen,
}: Pick<RecommendationView['body'], 'alternatives'> & { chosen: number | null }) {
  if (alternatives.length === 0) return null;
  return (
    <section>
      <h3 className="mb-2 font-semibold text-sm">Why not another host</h3>
      <ul className="tabular grid gap-1 text-sm text-soft">
        {alternatives.map(({ host, gain, whyNot }) => (
          <li key={host}>
            {host}: {WHY[whyNot] ?? whyNot.replaceAll('-', ' ')}
            {gain === null || chosen === null || chosen <= 0 ? '' : ` (${share(gain / chosen)} of this gain)`}
          </li>
        ))}
      </ul>
    </section>
  );
}
