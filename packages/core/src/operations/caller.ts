/** Who calls, from where, and whether anything is to change. */
import { actorOf, type Principal } from '../access/index.ts';
import type { Origin } from '../audit/index.ts';

export interface Caller {
  readonly principal: Principal;
  /** the same in the words of the change log and the journal */
  readonly actor: string;
  readonly origin: Origin;
  readonly dryRun: boolean;
  /** row of the audit log that was written before it is carried out; absent: there is none */
  readonly auditRow?: string;
  /** what a handler changed, as it was and as it is, for the audit log; the answer is kept where nothing is noted */
  readonly note?: (change: { readonly before?: unknown; readonly after?: unknown }) => void;
}

export function callerOf(principal: Principal, origin: Origin, dryRun = false): Caller {
  return { principal, actor: actorOf(principal), origin, dryRun };
}
