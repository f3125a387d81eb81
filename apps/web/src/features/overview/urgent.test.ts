import { expect, it } from 'vitest';
import type { Verdict } from '../../server/cluster/verdict.ts';
import { countedWords, waitingWords, withUrgent } from './urgent.ts';

const FINE: Verdict = { level: 'ok', headline: 'nothing is wrong', findings: [] };
const HEADLINE = 'These 4 moves take host-3 from 443 % to 79 % before 20:00';
const plan = (urgency: 'now' | 'soon', obstacle: string | null = null) => ({
  ...{
    kind: 'plan' as const,
    headline: HEADLINE,
    cluster: '',
    obstacle,
    urgency,
    reason: 'relieves its host',
  },
});
const lone = { ...plan('soon'), kind: 'recommendation' as const, headline: 'Move shardlet 7' };

it('leaves the verdict as it is where nothing can be decided', () => {
  expect(withUrgent(FINE, [])).toBe(FINE);
  expect(withUrgent(FINE, [plan('soon', 'not now')])).toBe(FINE);
});

it('says what waits where nothing is wrong', () => {
  const fine = { ...FINE, headline: 'All 4 hosts reachable, nothing is wrong' };
  const headline = (...items: Parameters<typeof withUrgent>[1]) => withUrgent(fine, items).headline;
  expect(headline(plan('soon'))).toBe(
    'All 4 hosts reachable, 1 plan waits for you: 4 moves take host-3 from 443 % to 79 % before 20:00',
  );
  expect(headline(plan('soon'), plan('soon'), lone)).toBe(
    'All 4 hosts reachable, 2 plans and 1 recommendation wait for you',
  );
  // what nobody can decide about is not waited for
  expect(headline(plan('soon', 'not now'), lone)).toBe(
    'All 4 hosts reachable, 1 recommendation waits for you',
  );
});

it('does not say that nothing is wrong while something is urgent', () => {
  expect(withUrgent(FINE, [plan('now'), plan('now'), plan('soon')])).toMatchObject({
    level: 'warn',
    headline: '2 plans are urgent',
    findings: [{ why: `${HEADLINE}.`, href: '/recommendations' }],
  });
});

it('says why nobody can approve it, and keeps what is worse', () => {
  const bad: Verdict = {
    ...{ level: 'bad', headline: 'The edge does not serve' },
    findings: [{ level: 'bad', what: 'The edge does not serve', why: '', todo: '' }],
  };
  const verdict = withUrgent(bad, [{ ...plan('now', 'the policy only forecasts'), cluster: 'shop' }]);
  expect(verdict).toMatchObject({ level: 'bad', headline: '2 things need you' });
  expect(verdict.findings[1]).toMatchObject({
    what: '1 plan is urgent',
    why: expect.stringMatching(/^Cluster shop: These 4 moves/),
    todo: expect.stringContaining('the policy only forecasts'),
  });
});

it('counts plans and what is part of none apart', () => {
  expect(countedWords([lone])).toBe('1 recommendation');
  expect(waitingWords([lone])).toBe('1 recommendation waits for you');
});
