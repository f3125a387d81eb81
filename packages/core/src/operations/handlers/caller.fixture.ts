/** A caller for tests: one of our own processes of that name, which may do everything. */
import { processPrincipal } from '../../access/index.ts';
import { type Caller, callerOf } from '../caller.ts';

export function callerNamed(name: string, dryRun = false): Caller {
  return callerOf(processPrincipal(name), { surface: 'edge', address: '', requestId: '' }, dryRun);
}
