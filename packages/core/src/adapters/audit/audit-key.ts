/**
 * The key of the chain over the audit log: 256 random bits in a file, never in the database. Whoever has it can make a
 * chain that verifies, so only workers and whoever verifies need it.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Hmac } from '../../audit/index.ts';

const KEY_BYTES = 32;
const KEY_TEXT = /^[0-9a-f]{64}$/;

export class BadAuditKey extends Error {
  override readonly name = 'BadAuditKey';
}

/** Newest first; earlier ones verify what they sealed. @throws BadAuditKey where there is none, or something else */
export async function readAuditKeys(file: string): Promise<readonly Hmac[]> {
  return (await textsIn(file)).map(hmacOf);
}

/** Puts a new key before those of the file, which must be known before the chain can stand on it. */
export async function addAuditKey(file: string): Promise<void> {
  const texts = [randomBytes(KEY_BYTES).toString('hex'), ...(await textsIn(file))];
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, `${texts.join('\n')}\n`, { mode: 0o600 });
  await rename(temporary, file);
}

async function textsIn(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new BadAuditKey(`the key of the audit log cannot be read from ${file} (${error.code})`);
  });
  const texts = text.trim().split(/\s+/);
  if (!texts.every((one) => KEY_TEXT.test(one)))
    throw new BadAuditKey(`${file} holds no key of an audit log: 64 hexadecimal digits are needed`);
  return texts;
}

function hmacOf(text: string): Hmac {
  const key = Buffer.from(text, 'hex');
  return (bytes) => createHmac('sha256', key).update(bytes).digest('hex');
}

/** Makes one where there is none; of several at once the first one wins. */
export async function ensureAuditKeys(file: string): Promise<readonly Hmac[]> {
  const isThere = await readFile(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
  if (!isThere) await makeKey(file);
  return readAuditKeys(file);
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
