/**
 * Metrics in the two formats that Prometheus reads: its own text format, and OpenMetrics 1.0
 * (https://prometheus.io/docs/specs/om/open_metrics_spec/), which other collectors ask for.
 */
import { Registry, type RegistryContentType } from 'prom-client';

export const EXPOSITIONS = ['text/plain', 'application/openmetrics-text'] as const;
const [TEXT, OPEN_METRICS] = EXPOSITIONS;

/** Gauges that prom-client names like counters; their values are also in those without the ending. */
const MISNAMED = ['handles', 'requests', 'resources'].map((what) => `nodejs_active_${what}_total`);

export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/** Of the metrics that prom-client has of every process: promtool refuses these. */
export function removeMisnamed(registry: Registry): void {
  for (const name of MISNAMED) registry.removeSingleMetric(name);
}

/** `mediaType`: which of EXPOSITIONS the reader wants; anything else is answered as text. */
export async function exposed(registry: Registry, mediaType: string): Promise<Exposition> {
  if (mediaType !== OPEN_METRICS)
    return { contentType: registry.contentType, text: await registry.metrics() };
  // A registry has one format and renames its counters for it, so it gets metrics that stand on the real ones.
  const open = new Registry<RegistryContentType>();
  open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  for (const metric of registry.getMetricsAsArray()) open.registerMetric(Object.create(metric));
  return { contentType: open.contentType, text: await open.metrics() };
}

/** Which of EXPOSITIONS a header Accept prefers (RFC 9110, 12.5.1); the text where it says nothing of either. */
export function preferredExposition(accept: string | undefined): string {
  const ranges = (accept ?? '').toLowerCase().split(',');
  const qualityOf = (type: string) => {
    const range = ranges.find((one) => one.split(';', 1)[0]!.trim() === type);
    return range === undefined ? undefined : Number(/;\s*q=([\d.]+)/.exec(range)?.[1] ?? 1);
  };
  return (qualityOf(OPEN_METRICS) ?? 0) > (qualityOf(TEXT) ?? 0) ? OPEN_METRICS : TEXT;
}
