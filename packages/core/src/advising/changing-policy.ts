/**
 * How one policy follows another, for every door alike. A change is made from the newest version, which may be one that
 * holds only later; if the change held before it, the other one's settings would hold early with it, and nobody asked
 * for that. So it is refused, unless whoever makes it says that what was to come is called off.
 */
import { contradictionOf } from '../planning/index.ts';
import type { PolicyChange, PolicyStore, PolicyVersion } from './policy-store.ts';

export type PolicyChangeReply =
  | { readonly kind: 'made'; readonly version: PolicyVersion }
  /** `from` is not the newest any more */
  | { readonly kind: 'conflict' }
  /** two of its settings exclude each other */
  | { readonly kind: 'contradictory'; readonly detail: string }
  /** it would let `scheduled` hold before its time */
  | { readonly kind: 'early'; readonly scheduled: PolicyVersion };

/**
 * `callsOff`: a version that was to hold later never does. `dryRun`: what would be made; nothing is. What is to hold from
 * a time that is past holds at once.
 */
export async function changePolicy(
  policies: PolicyStore,
  change: PolicyChange,
  { callsOff, dryRun = false }: { readonly callsOff: boolean; readonly dryRun?: boolean },
): Promise<PolicyChangeReply> {
  const detail = contradictionOf(change.policy);
  if (detail !== undefined) return { kind: 'contradictory', detail };
  const effectiveMs = Math.max(change.effectiveMs, change.createdMs);
  const [newest] = await policies.versions(1);
  if ((newest?.version ?? 0) !== change.from) return { kind: 'conflict' };
  if (newest !== undefined && !callsOff && effectiveMs < newest.effectiveMs)
    return { kind: 'early', scheduled: newest };
  if (dryRun) {
    const { from, ...made } = change;
    return { kind: 'made', version: { ...made, version: from + 1, effectiveMs } };
  }
  const version = await policies.add({ ...change, effectiveMs });
  return version === undefined ? { kind: 'conflict' } : { kind: 'made', version };
}

/** What to tell whoever made a change that is refused as early. */
export function earlyText({ version, effectiveMs }: PolicyVersion): string {
  return (
    `Version ${version} holds only from ${new Date(effectiveMs).toISOString()} on, and this change would let it hold ` +
    'before. Let the change hold from that time on, or go back to an earlier version, which calls it off.'
  );
}

/** Whether a later version held, or will, before this one could. `newer`: all that were made after it. */
export function isCalledOff(
  version: Pick<PolicyVersion, 'effectiveMs'>,
  newer: readonly Pick<PolicyVersion, 'effectiveMs'>[],
): boolean {
  return newer.some(({ effectiveMs }) => effectiveMs <= version.effectiveMs);
}
