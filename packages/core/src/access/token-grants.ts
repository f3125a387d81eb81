/**
 * What a token may do now: what it was given, and no more than its owner may do at that moment. So a role that is taken
 * away is taken from the tokens of that person as well, within the time in which lists of tokens are read anew.
 */
import { type Grant, intersection, type Scope } from './grants.ts';
import { permissionsOf } from './permissions.ts';

export interface TokenGiven {
  readonly scopes: readonly string[];
  /** what they are limited to */
  readonly scope: Scope;
  /** what its owner may do; absent: it belongs to nobody, as one that was made on a machine of the control plane */
  readonly ownerGrants?: readonly Grant[] | undefined;
}

export function grantsOfToken({ scopes, scope, ownerGrants }: TokenGiven): readonly Grant[] {
  const given: readonly Grant[] = [{ permissions: permissionsOf(scopes), scope }];
  return ownerGrants === undefined ? given : intersection(given, ownerGrants);
}
