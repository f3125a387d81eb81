/** Verifies the chain of the audit log on the database itself, with the key and a head that was published. */
import { join } from 'node:path';
import { type ChainFault, type Head, verifyChain } from '@foreshard/core/audit';
import { auditKeys } from '../composition.ts';
import { dataDir } from '../credentials.ts';
import { withControl } from '../deciding.ts';
import { badInput } from '../failure.ts';

export interface VerifyOptions {
  readonly key?: string;
  readonly from?: number;
  readonly head?: string;
}

export interface Verified {
  readonly head: Head;
  readonly verified: number;
  readonly unsealed: number;
  /** was the end of the chain compared with a head from elsewhere? */
  readonly comparedWithHead: boolean;
  readonly faults: readonly ChainFault[];
}

export async function verified({ key, from, head }: VerifyOptions): Promise<Verified> {
  if (from !== undefined && (!Number.isSafeInteger(from) || from < 0))
    throw badInput('--from is the number of a seal');
  const { headFileOf, headFrom, readAuditKeys, readHead } = await auditKeys();
  const file = keyFileOf(key);
  const keys = await readAuditKeys(file).catch((error: Error) => {
    throw badInput(`${error.message}: name it with --key or AUDIT_KEY_FILE`);
  });
  const given = head === undefined ? undefined : headFrom(head);
  if (head !== undefined && given === undefined)
    throw badInput('--head is NUMBER:HASH, as the log of a worker and "foreshard audit head" show it');
  // the machine of the worker remembers the newest one
  const published = given ?? (await readHead(headFileOf(file)));
  return withControl(async ({ auditChain }) => {
    const options = { nowMs: Date.now(), from, published };
    const answer = await verifyChain(auditChain, keys, options).catch((error: Error) => {
      if (error.message.startsWith('There is no seal')) throw badInput(error.message);
      throw error;
    });
    return { ...answer, comparedWithHead: published !== undefined };
  });
}

export function keyFileOf(named: string | undefined): string {
  return named ?? (process.env.AUDIT_KEY_FILE || join(dataDir(), 'audit.key'));
}
