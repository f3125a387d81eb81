/** From when a version of the policy is active. */
import { formatMoment } from '../../formatting/time.ts';

/** What is wrong with the time; empty: at once. What is still to come may not become active before its time. */
export function problemOfTime(
  text: string,
  { version, effectiveMs }: { readonly version: number; readonly effectiveMs: number },
  nowMs: number,
): string | undefined {
  if (effectiveMs > nowMs && (text === '' || Date.parse(text) < effectiveMs))
    return (
      `Version ${version} is active only from ${formatMoment(effectiveMs, 'local')} on: not before that, or go back to ` +
      'an earlier version'
    );
  return text === '' || Date.parse(text) > Date.now() ? undefined : 'A time that is still to come';
}
