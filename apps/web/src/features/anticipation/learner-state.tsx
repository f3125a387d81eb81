'use client';

/** What is learned, by whom, and how often it was right of late. */
import { anticipation } from '@foreshard/core/operations';
import { EdgeCurl } from '../../components/edge-curl.tsx';
import { Fact } from '../../components/fact.tsx';
import { formatCount, formatPercent } from '../../formatting/numbers.ts';
import { formatAgo } from '../../formatting/time.ts';
import { hitWords, type LearnerStatus } from './anticipation-words.ts';

const HEAD = 'h-9 px-3 text-left font-medium text-soft text-xs first:pl-5 last:pr-5';
const CELL = 'px-3 py-2 first:pl-5 last:pr-5';

export function LearnerState({ status }: { status: LearnerStatus }) {
  const { hits, learned, dropped, behind, sampleShare, attributes, wanted } = status;
  return (
    <>
      <dl className="flex flex-wrap gap-x-10 gap-y-3 px-5 pb-4 text-sm">
        {wanted > 0 ? null : (
          <>
            <Fact name="Right at first guess, of late">
              <span className="font-semibold text-md">{formatPercent(hits.hit1)}</span>
              <span className="block text-faint text-xs">{hitWords(hits.hit1, hits.frequent1)}</span>
            </Fact>
            <Fact name="Among three guesses">
              <span className="font-semibold text-md">{formatPercent(hits.hit3)}</span>
              <span className="block text-faint text-xs">{hitWords(hits.hit3, hits.frequent3)}</span>
            </Fact>
          </>
        )}
        <Fact name="Events learned">{formatCount(learned)}</Fact>
        <Fact name="Dropped">{formatCount(dropped)}</Fact>
        <Fact name="Behind by">{formatCount(behind)}</Fact>
        <Fact name="Sampled keys">{formatPercent(sampleShare)}</Fact>
        <Fact name="Attributes">{attributes.length === 0 ? 'none' : attributes.join(', ')}</Fact>
      </dl>
      <Slices slices={status.slices} />
      <div className="flex justify-end px-5 py-3">
        <EdgeCurl operation={anticipation.status} input={{}} />
      </div>
    </>
  );
}

function Slices({ slices }: Pick<LearnerStatus, 'slices'>) {
  const nowMs = Date.now();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section tabIndex={0} aria-label="Slices of the keys" className="relative overflow-x-auto">
      <table className="tabular w-full text-sm">
        <thead>
          <tr className="border-line border-y bg-sunken">
            <th className={HEAD}>Slice</th>
            <th className={HEAD}>Holder</th>
            <th className={HEAD}>Learned</th>
            <th className={HEAD}>Behind by</th>
            <th className={HEAD}>Keys</th>
            <th className={HEAD}>Types</th>
            <th className={HEAD}>Saved</th>
          </tr>
        </thead>
        <tbody>
          {slices.map((one) => (
            <tr key={one.slice} className="border-line border-b last:border-b-0">
              <td className={CELL}>{one.slice + 1}</td>
              <td className={CELL}>{one.holder?.slice(0, 15) ?? 'nobody'}</td>
              <td className={CELL}>{formatCount(one.learned)}</td>
              <td className={CELL}>{formatCount(one.behind)}</td>
              <td className={CELL}>{formatCount(one.keys)}</td>
              <td className={CELL}>{formatCount(one.types)}</td>
              <td className={CELL}>
                {one.savedAt === null ? 'not yet' : formatAgo(nowMs - Date.parse(one.savedAt))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
