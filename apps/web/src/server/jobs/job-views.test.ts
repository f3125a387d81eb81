import { JOBS, type JobName, type JobRun } from '@foreshard/core/jobs';
import { expect, it } from 'vitest';
import { jobViews } from './job-views.ts';

const run = (endedAtMs: number | null, tookMs = 10, changes: Partial<JobRun> = {}): JobRun => ({
  ...{ id: `${endedAtMs}`, name: 'reconcile', state: 'completed', attempts: 1, reason: null, endedAtMs },
  ...{ askedAtMs: 0, startedAtMs: endedAtMs === null ? null : endedAtMs - tookMs },
  ...changes,
});
const viewOf = (runs: readonly JobRun[], next = new Map<JobName, number>()) =>
  jobViews(runs, next).find(({ name }) => name === 'reconcile')!;

it('lists every job, also one that never ran', () => {
  const views = jobViews([run(100)], new Map());
  expect(views.map(({ name }) => name)).toEqual(Object.keys(JOBS));
  expect(views.find(({ name }) => name === 'move')).toMatchObject({
    ...{ lastState: null, lastEndedAtMs: null, medianMs: null, durations: [], kept: 0, failures: 0 },
    ...{ isActive: false, nextAtMs: null, purpose: JOBS.move.purpose, everyMs: 1_000 },
  });
});

it('says how the newest run that ended went, and when the next one is due', () => {
  const failed = run(300, 10, { state: 'failed', reason: 'PostgreSQL is away' });
  expect(
    viewOf([run(null, 0, { state: 'active' }), failed, run(200)], new Map([['reconcile', 900]])),
  ).toMatchObject({
    ...{ lastState: 'failed', lastReason: 'PostgreSQL is away', lastEndedAtMs: 300, nextAtMs: 900 },
    ...{ isActive: true, failures: 1, kept: 2 },
  });
  expect(viewOf([run(200), failed])).toMatchObject({
    lastState: 'completed',
    lastReason: null,
    isActive: false,
  });
});

it('gives the last twenty durations, oldest first, and their median', () => {
  // the newest took 25 ms, the oldest 1 ms
  const runs = Array.from({ length: 25 }, (_, i) => run(1_000 - i, 25 - i));
  const { durations, medianMs, kept } = viewOf(runs);
  expect(durations).toEqual(Array.from({ length: 20 }, (_, i) => 6 + i));
  expect([medianMs, kept]).toEqual([16, 25]);
  expect(viewOf([run(300, 9), run(200, 1), run(100, 5)]).medianMs).toBe(5);
});

it('counts the time of a run that never started from when it was asked for', () => {
  expect(viewOf([run(500, 0, { askedAtMs: 100, startedAtMs: null })]).durations).toEqual([400]);
});
