import { Counter, Gauge, Registry } from 'prom-client';
import { beforeEach, expect, it } from 'vitest';
import { EXPOSITIONS, exposed, preferredExposition } from './exposition.ts';

const [TEXT, OPEN_METRICS] = EXPOSITIONS;
let registry: Registry;
let level = 3;

beforeEach(() => {
  registry = new Registry();
  const registers = [registry];
  new Counter({ name: 'sent_total', help: 'Sent', registers }).inc(2);
  new Gauge({
    ...{ name: 'level', help: 'Level', registers },
    collect() {
      this.set(level);
    },
  });
});

it('is the text format of Prometheus', async () => {
  const { contentType, text } = await exposed(registry, TEXT);
  expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(text).toContain('# TYPE sent_total counter\nsent_total 2\n');
  expect(text).not.toContain('# EOF');
});

it('is OpenMetrics: a counter is named without its ending, and the end is marked', async () => {
  const { contentType, text } = await exposed(registry, OPEN_METRICS);
  expect(contentType).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
  expect(text).toContain('# TYPE sent counter\nsent_total 2\n');
  expect(text).toMatch(/# EOF\n$/);
});

it('has the values of now, and both at once', async () => {
  await exposed(registry, OPEN_METRICS);
  level = 4;
  const [text, open] = await Promise.all([exposed(registry, TEXT), exposed(registry, OPEN_METRICS)]);
  expect(text.text).toContain('\nlevel 4\n');
  expect(open.text).toContain('\nlevel 4\n');
  expect(text.text).toContain('# TYPE sent_total counter');
});

it.each([
  [undefined, TEXT],
  ['*/*', TEXT],
  ['application/openmetrics-text', OPEN_METRICS],
  // what Prometheus sends
  ['application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1', OPEN_METRICS],
  ['text/plain;version=0.0.4;q=0.5, application/openmetrics-text; version=1.0.0; q=0.4', TEXT],
  ['text/plain, application/openmetrics-text', TEXT],
  ['Application/OpenMetrics-Text; q=0.2, text/plain; q=0', OPEN_METRICS],
])('Accept %j is answered as %s', (accept, type) => {
  expect(preferredExposition(accept)).toBe(type);
});
