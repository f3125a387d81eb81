/** How announcements of all slices of a stream turned out, together. */
import type { SurgeFigures } from '../surges/index.ts';

export function pooled(all: readonly SurgeFigures[]): SurgeFigures {
  const sum = (of: (one: SurgeFigures) => number) => all.reduce((total, one) => total + of(one), 0);
  const [announced, came, bursts] = [
    sum((one) => one.announced),
    sum((one) => one.came),
    sum((one) => one.bursts),
  ];
  const burstsAnnounced = sum((one) => one.burstsAnnounced);
  const over = (total: number, count: number) => (count > 0 ? total / count : null);
  return {
    ...{ announced, came, bursts, burstsAnnounced, falseAlarms: sum((one) => one.falseAlarms) },
    ...{ precision: over(came, announced), recall: over(burstsAnnounced, bursts) },
    leadMinutes: over(
      sum((one) => one.came * (one.leadMinutes ?? 0)),
      came,
    ),
    brier: over(
      sum((one) => one.announced * (one.brier ?? 0)),
      announced,
    ),
  };
}
