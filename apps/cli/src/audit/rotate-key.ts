/**
 * Changes the key of the chain. The new key is in the file before the chain stands on it: whoever is interrupted in between
 * runs the command again, and the key that waits there is taken.
 */
import type { Head } from '@foreshard/core/audit';
import { keyId } from '@foreshard/core/audit';
import { auditKeys, operatorHere } from '../composition.ts';
import { withControl } from '../deciding.ts';
import { badInput, CommandFailure } from '../failure.ts';
import { keyFileOf } from './verify.ts';

export interface Rotated {
  readonly head: Head;
  /** ids of the keys, newest first */
  readonly keys: readonly string[];
  readonly file: string;
}

export async function rotated({ key }: { readonly key?: string }): Promise<Rotated> {
  const { addAuditKey, readAuditKeys } = await auditKeys();
  const file = keyFileOf(key);
  const read = () =>
    readAuditKeys(file).catch((error: Error) => {
      throw badInput(`${error.message}: name it with --key or AUDIT_KEY_FILE`);
    });
  const earlier = await read();
  return withControl(async ({ auditChain }) => {
    if (await auditChain.isUnder(earlier)) await addAuditKey(file);
    const keys = await read();
    const head = await auditChain.rotate(keys, operatorHere()).catch((error: Error) => {
      throw new CommandFailure(error.message);
    });
    if (head === undefined) throw new CommandFailure('a worker seals at this moment: try again');
    return { head, keys: keys.map(keyId), file };
  });
}
