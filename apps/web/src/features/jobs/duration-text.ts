import { formatDuration } from '../../formatting/time.ts';

export function durationText(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : formatDuration(ms);
}
