import { expect, it } from 'vitest';
import type { Verdict } from '../../server/cluster/verdict.ts';
import { withUrgent } from './urgent.ts';

const FINE: Verdict = { level: 'ok', headline: 'nothing is wrong', findings: [] };
const row = (urgency: 'now' | 'soon', obstacle: string | null = null) => ({
  ...{ state: 'open' as const, title: 'Move shardlet 7', cluster: '', obstacle },
  body: { urgency, reason: 'relieves its host: from 145 % to 90 %' },
});

it('leaves the verdict as it is where nothing is urgent', () => {
  expect(withUrgent(FINE, [])).toBe(FINE);
  expect(withUrgent(FINE, [{ ...row('now'), state: 'approved' }, row('soon', 'not now')])).toBe(FINE);
});

it('says how much waits where nothing is wrong', () => {
  const fine = { ...FINE, headline: 'All 4 hosts reachable, nothing is wrong' };
  expect(withUrgent(fine, [row('soon'), row('soon')])).toMatchObject({
    level: 'ok',
    headline: 'All 4 hosts reachable, 2 recommendations wait for you',
  });
});

it('does not say that nothing is wrong while something is urgent', () => {
  expect(withUrgent(FINE, [row('now'), row('now'), row('soon')])).toMatchObject({
    level: 'warn',
    headline: '2 recommendations are urgent',
    findings: [{ why: expect.stringContaining('from 145 %'), href: '/recommendations' }],
  });
});

it('says why nobody can approve it, and keeps what is worse', () => {
  const bad: Verdict = {
    ...{ level: 'bad', headline: 'The edge does not serve' },
    findings: [{ level: 'bad', what: 'The edge does not serve', why: '', todo: '' }],
  };
  const verdict = withUrgent(bad, [row('now', 'the policy only forecasts')]);
  expect(verdict).toMatchObject({ level: 'bad', headline: '2 things need you' });
  expect(verdict.findings[1]!.todo).toContain('the policy only forecasts');
});
