/** Which engine answers at an address, as the command insists on it. */
import { ADDRESS_STARTS, type EngineName, engineOf as engineAt } from '@foreshard/core/hosts';
import { badInput } from './failure.ts';

export function engineOf(url: string): EngineName {
  const engine = engineAt(url);
  if (engine !== undefined) return engine;
  // it may hold a password, which came by stdin or a file
  throw badInput(`an address of a host is needed: it begins with ${ADDRESS_STARTS}`);
}
