import { writeLabels } from '@foreshard/core/topology';
import { formatRate } from '../../formatting/numbers.ts';
import type { HostView } from '../../server/cluster/host-views.ts';

/** In a line, what was said of it; nothing while nobody has said anything. */
export function HostFacts({ host: { zone, labels, capacity } }: { host: HostView }) {
  const facts = [
    zone === 'default' ? '' : `zone ${zone}`,
    writeLabels(labels),
    capacity.eventsPerSecond === undefined ? '' : `takes ${formatRate(capacity.eventsPerSecond)} events/s`,
  ].filter((fact) => fact !== '');
  return facts.length === 0 ? null : (
    <p className="max-w-60 text-pretty text-xs text-soft">{facts.join(' · ')}</p>
  );
}
