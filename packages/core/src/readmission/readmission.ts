/**
 *   note the run --> compare host and topology store --> new epochs, trust the run --> (finished)
 *                    (comparing.ts)                      (renewing.ts)
 *                        |        |                          |
 *                        v        v                          v
 *      (refused: regressed)    (stale)                    (stale)
 *
 * Takes a restarted host into use again. It may have lost its last writes, and requests to its earlier run
 * may still be on their way, so nobody else uses it until every shardlet it takes appends for has a new
 * epoch. The order is the protocol's: the topology store notes the run that was found; the host is compared with the
 * topology store; what is left to do there is finished and everything gets a new epoch; last, the topology store
 * trusts the noted run.
 *
 * All progress stands in the topology store: any worker may begin the same machine again at any time, also beside
 * another.
 * REQUIRES that every host call goes to the noted run: after another restart the calls fail, and the next
 * machine begins with the run that is found then.
 */

import { finish, inSequence, type Machine, unexpected } from '../machines/index.ts';
import { beginReadmission, type Host } from '../topology/index.ts';
import { comparingMachine } from './comparing.ts';
import { renewingMachine } from './renewing.ts';

/** @param noted the run found at the host's address, in the right store */
export function readmissionMachine(host: Host, noted: string): Machine<number> {
  return inSequence(`readmission of host ${host.id}`, [
    startMachine(host, noted),
    comparingMachine(host.id, noted),
    renewingMachine(host, noted),
  ]);
}

/** Refused when it has begun already, or is over: the comparison finds out which. */
function startMachine({ id, readmission }: Host, noted: string): Machine<null> {
  const name = `beginning the readmission of host ${id}`;
  const decision = beginReadmission(id, noted, undefined, readmission);
  return {
    name,
    start: () => ({ state: null, actions: [{ kind: 'decide', decision }] }),
    step: (_, answer) => (answer.kind === 'decide' ? finish(null) : unexpected(name, answer)),
  };
}
