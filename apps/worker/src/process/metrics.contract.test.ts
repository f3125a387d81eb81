import { promtoolFindings, SetupFailure } from '@foreshard/local';
import { expect, it } from 'vitest';
import { createMetrics } from './metrics.ts';

it('the metrics of the worker are accepted by promtool without a remark', async (context) => {
  const text = await createMetrics().registry.metrics();
  const findings = await promtoolFindings(text).catch((error: unknown) => {
    if (error instanceof SetupFailure) return context.skip(error.message);
    throw error;
  });
  expect(text).toContain('foreshard_job_runs_total');
  expect(findings).toEqual([]);
}, 120_000);
