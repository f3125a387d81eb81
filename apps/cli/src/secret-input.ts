/**
 * Addresses that may hold a password. What stands on a command line is seen by everybody on the machine (`ps`) and kept
 * in the history of the shell, so a secret comes from stdin or from a file: a password in an address given plainly is
 * refused, one that a receiver takes for a secret as a whole is remarked on.
 */
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { badInput } from './failure.ts';
import { note } from './output.ts';

/** For the help of options and arguments. */
export const SECRETLY = '"-" reads it from stdin, @FILE from a file';

/** `what`: the words for it in a refusal, which never repeats the address. @throws CommandFailure */
export async function addressFrom(
  given: string,
  what: string,
  stdin: AsyncIterable<Uint8Array | string> = process.stdin,
): Promise<string> {
  if (given === '-') return lineOf(await text(stdin as NodeJS.ReadableStream), `${what} on stdin`);
  if (given.startsWith('@')) return lineOf(await fileText(given.slice(1)), `${what} in ${given.slice(1)}`);
  const secret = secretIn(given);
  if (secret === 'password')
    throw badInput(
      `${what} holds a password, which everybody on this machine can read on the command line: ${SECRETLY}`,
    );
  if (secret === 'whole')
    note(`${what} is as good as a password, and is seen on the command line: ${SECRETLY}`);
  return given;
}

function secretIn(address: string): 'password' | 'whole' | undefined {
  if (!URL.canParse(address)) return undefined;
  const { password, searchParams, protocol, hostname } = new URL(address);
  if (password !== '' || searchParams.has('password')) return 'password';
  const isHook = /^https?:$/.test(protocol) && (searchParams.size > 0 || hostname === 'hooks.slack.com');
  return isHook ? 'whole' : undefined;
}

function lineOf(content: string, what: string): string {
  const line = content.trim();
  if (line === '') throw badInput(`${what} is empty`);
  if (/[\r\n]/.test(line)) throw badInput(`${what} has more than one line`);
  return line;
}

async function fileText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw badInput(`${path} cannot be read`, { cause });
  }
}
