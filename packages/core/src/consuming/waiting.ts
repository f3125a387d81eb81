/** Time as the service of groups is handed it. */
import type { Later } from '../kernel/index.ts';

export interface ServiceTime {
  /** Never goes back; where it begins does not matter. */
  readonly nowMs: () => number;
  readonly later: Later;
}
