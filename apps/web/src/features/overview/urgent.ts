/**
 * What waits for a person is part of the verdict: nobody should read that nothing is wrong above an overloaded host. It
 * comes after what was observed to fail, since load is still taken.
 */
import type { Finding, Verdict } from '../../server/cluster/verdict.ts';
import type { WaitingItem } from '../../server/recommendations/waiting.ts';

type Item = Pick<WaitingItem, 'kind' | 'headline' | 'cluster' | 'reason' | 'urgency' | 'obstacle'>;

/** `items`: the most urgent first. */
export function withUrgent(verdict: Verdict, items: readonly Item[]): Verdict {
  const urgent = items.filter(({ urgency }) => urgency === 'now');
  const [first] = urgent;
  if (first === undefined || verdict.level === 'unknown') return withWaiting(verdict, items);
  const { headline, cluster, obstacle, reason, kind } = first;
  const why = kind === 'plan' ? headline : `${headline}: ${reason}`;
  const finding: Finding = {
    level: 'warn',
    what: `${countedWords(urgent)} ${urgent.length === 1 ? 'is' : 'are'} urgent`,
    why: `${cluster === '' ? '' : `Cluster ${cluster}: `}${why}.`,
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
function withWaiting(verdict: Verdict, items: readonly Item[]): Verdict {
  const waiting = items.filter(({ obstacle }) => obstacle === null);
  if (waiting.length === 0 || verdict.level !== 'ok') return verdict;
  return { ...verdict, headline: verdict.headline.replace(/nothing is wrong$/, waitingWords(waiting)) };
}

/** "1 plan waits for you: 4 moves take host-3 from 443 % to 79 % before 20:00", "3 plans wait for you" */
export function waitingWords(waiting: readonly Pick<Item, 'kind' | 'headline'>[]): string {
  const count = `${countedWords(waiting)} ${waiting.length === 1 ? 'waits' : 'wait'} for you`;
  const [only] = waiting;
  if (waiting.length !== 1 || only!.kind !== 'plan') return count;
  return `${count}: ${only!.headline.replace(/^These /, '')}`;
}

/** "2 plans", "1 recommendation", "2 plans and 1 recommendation" */
export function countedWords(items: readonly Pick<Item, 'kind'>[]): string {
  const counts = (['plan', 'recommendation'] as const).flatMap((kind) => {
    const count = items.filter((one) => one.kind === kind).length;
    return count === 0 ? [] : `${count} ${kind}${count === 1 ? '' : 's'}`;
  });
  return counts.join(' and ');
}
