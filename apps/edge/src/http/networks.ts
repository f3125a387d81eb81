/** The networks that a token may be used from. */
import { permittedNetworks } from '@foreshard/core/access';

/** As far as a connection is asked: the address is looked up only where a token is limited. */
export interface Peer {
  readonly remoteAddress?: string | undefined;
}

export type Networks = (peer: Peer) => boolean;

/** Undefined: any. */
export function networksOf(cidrs: readonly string[]): Networks | undefined {
  const permitted = permittedNetworks(cidrs);
  return permitted && (({ remoteAddress }) => remoteAddress !== undefined && permitted(remoteAddress));
}
