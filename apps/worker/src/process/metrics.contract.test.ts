import { promtoolFindings } from '@foreshard/local';
import { Counter, Gauge, Histogram } from 'prom-client';
import { expect, it } from 'vitest';
import { createMetrics } from './metrics.ts';

it('the metrics of the worker are accepted by promtool without a remark', async () => {
  const outlook = { group: 'x', wantedNow: 1, wantedAhead: 2, atMs: Date.now() };
  const { registry } = createMetrics(async () => [outlook]);
  // promtool passes over metrics that have no sample
  for (const metric of registry.getMetricsAsArray()) sampled(metric);
  const text = await registry.metrics();
  for (const { name } of await registry.getMetricsAsJSON())
    if (name.startsWith('foreshard_')) expect(text).toMatch(new RegExp(`^${name}(_count)?[{ ]`, 'm'));
  expect(text).toContain('foreshard_job_runs_total');
  expect(await promtoolFindings(text)).toEqual([]);
}, 120_000);

function sampled(metric: object): void {
  const names = (metric as { labelNames: readonly string[] }).labelNames;
  const labels = Object.fromEntries(names.map((name) => [name, 'x']));
  if (metric instanceof Histogram) metric.observe(labels, 1);
  else if (metric instanceof Counter || metric instanceof Gauge) metric.inc(labels);
}
