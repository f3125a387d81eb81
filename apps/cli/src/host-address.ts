/** Which engine answers at an address, as the command insists on it. */
import { ADDRESS_STARTS, type EngineName, engineOf as engineAt } from '@foreshard/core/hosts';
import { badInput } from './failure.ts';

export function engineOf(url: string): EngineName {
  const engine = engineAt(url);
  if (engine !== undefined) return engine;
  throw badInput(`"${url}" is not the address of a host: it begins with ${ADDRESS_STARTS}`);
}
