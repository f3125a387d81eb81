/**
 * What the planner calls urgent is part of the verdict: nobody should read that nothing is wrong above an overloaded
 * host. It comes after what was observed to fail, since load is still taken.
 */
import type { Finding, Verdict } from '../../server/cluster/verdict.ts';
import type { RecommendationView } from '../../server/recommendations/recommendation-view.ts';

type Row = Pick<RecommendationView, 'state' | 'obstacle' | 'title' | 'cluster'> & {
  readonly body: Pick<RecommendationView['body'], 'urgency' | 'reason'>;
};

/** `rows` in the order of the inbox, the most urgent first. */
export function withUrgent(verdict: Verdict, rows: readonly Row[]): Verdict {
  const urgent = rows.filter(({ state, body }) => state === 'open' && body.urgency === 'now');
  const [first] = urgent;
  if (first === undefined || verdict.level === 'unknown') return withWaiting(verdict, rows);
  const { title, cluster, obstacle, body } = first;
  const finding: Finding = {
    level: 'warn',
    what: urgent.length === 1 ? 'A recommendation is urgent' : `${urgent.length} recommendations are urgent`,
    why: `${title}${cluster === '' ? '' : ` of cluster ${cluster}`}: ${body.reason}.`,
    todo: obstacle === null ? 'Decide about it in the inbox.' : `It cannot be approved: ${obstacle}.`,
    href: '/recommendations',
  };
  const findings = [...verdict.findings, finding];
  return {
    level: verdict.level === 'bad' ? 'bad' : 'warn',
    headline: findings.length === 1 ? finding.what : `${findings.length} things need you`,
    findings,
  };
}

/** Nothing is wrong, and yet somebody is waited for. */
function withWaiting(verdict: Verdict, rows: readonly Row[]): Verdict {
  const waiting = rows.filter(({ state, obstacle }) => state === 'open' && obstacle === null).length;
  if (waiting === 0 || verdict.level !== 'ok') return verdict;
  const words = waiting === 1 ? '1 recommendation waits for you' : `${waiting} recommendations wait for you`;
  return { ...verdict, headline: verdict.headline.replace(/nothing is wrong$/, words) };
}
