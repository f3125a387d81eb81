/** The proofs of hosts, read when they are asked for; all that are asked for in one turn cost one query. */
import type { HostProofStore } from '@foreshard/core/hosts';
import type { ReadProof } from '../hosts/host-doors.ts';

export function readProofs(store: Pick<HostProofStore, 'proofs'>): ReadProof {
  let turn: ReturnType<HostProofStore['proofs']> | undefined;
  return async (host) => {
    // the query begins after every question that shares it
    turn ??= new Promise((resolve, reject) => {
      setImmediate(() => {
        turn = undefined;
        store.proofs().then(resolve, reject);
      });
    });
    return (await turn).get(host);
  };
}
