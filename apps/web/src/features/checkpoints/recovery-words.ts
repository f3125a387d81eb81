/** What the console says of learned rates. */
import type { checkpoints, OutputOf } from '@foreshard/core/operations';
import { formatBytes, formatCount, formatPercent } from '../../formatting/numbers.ts';
import { formatDuration } from '../../formatting/time.ts';

export type Recoveries = OutputOf<typeof checkpoints.recoveries>;

export function restoreWords({ fixedMs, bytesPerSecond }: Recoveries['restore']): string {
  const fixed = formatDuration(Math.round(fixedMs));
  return bytesPerSecond === null ? fixed : `${fixed} and ${formatBytes(bytesPerSecond)}/s`;
}

/** How far it can be believed. */
export function provenWords({
  errorShare,
  count,
}: Pick<Recoveries['replay'], 'errorShare' | 'count'>): string {
  if (errorShare === null) return 'a cautious guess: nothing was measured yet';
  return `learned from ${formatCount(count)}, off by ${formatPercent(errorShare)}`;
}
