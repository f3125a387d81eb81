import { promtoolFindings } from '@foreshard/local';
import { expect, it } from 'vitest';
import { createMetrics } from './metrics.ts';

it('the metrics of the worker are accepted by promtool without a remark', async () => {
  const text = await createMetrics().registry.metrics();
  expect(text).toContain('foreshard_job_runs_total');
  expect(await promtoolFindings(text)).toEqual([]);
}, 120_000);
