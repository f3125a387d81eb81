/** The order in which hosts want to be looked at. */
import type { HostView, Level } from './host-views.ts';

export const URGENCY: Readonly<Record<Level, number>> = { bad: 3, warn: 2, unknown: 1, ok: 0 };

/** What needs attention first, then the fullest, then by name. */
export function mostPressing(hosts: readonly HostView[]): HostView[] {
  return [...hosts].sort(
    (a, b) =>
      URGENCY[b.level] - URGENCY[a.level] ||
      Number(b.condition === 'unreachable') - Number(a.condition === 'unreachable') ||
      (b.fill ?? 0) - (a.fill ?? 0) ||
      b.eventsPerSecond - a.eventsPerSecond ||
      a.id - b.id,
  );
}
