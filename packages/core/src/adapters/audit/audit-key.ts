/**
 * The key of the chain over the audit log: 256 random bits in a file, never in the database. Whoever has it can make a
 * chain that verifies, so only workers and whoever verifies need it.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Hmac } from '../../audit/index.ts';

const KEY_BYTES = 32;
const KEY_TEXT = /^[0-9a-f]{64}$/;

export class BadAuditKey extends Error {
  override readonly name = 'BadAuditKey';
}

/** @throws BadAuditKey where there is none, or the file holds something else */
export async function readAuditKey(file: string): Promise<Hmac> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new BadAuditKey(`the key of the audit log cannot be read from ${file} (${error.code})`);
  });
  if (!KEY_TEXT.test(text.trim()))
    throw new BadAuditKey(`${file} holds no key of an audit log: 64 hexadecimal digits are needed`);
  const key = Buffer.from(text.trim(), 'hex');
  return (bytes) => createHmac('sha256', key).update(bytes).digest('hex');
}

/** Makes one where there is none; of several at once the first one wins. */
export async function ensureAuditKey(file: string): Promise<Hmac> {
  const isThere = await readFile(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
  if (!isThere) await makeKey(file);
  return readAuditKey(file);
}

async function makeKey(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, `${randomBytes(KEY_BYTES).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    await link(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}
