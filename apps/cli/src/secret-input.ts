/**
 * Addresses that may hold a secret. What stands on a command line is seen by everybody on the machine (`ps`) and kept in
 * the history of the shell, so a secret comes from stdin or from a file. Given plainly it is refused: a password in an
 * address, and an address that is as good as one because whoever has it may post to it.
 */
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { HOOK_HOSTS } from '@foreshard/core/notifying';
import { badInput } from './failure.ts';

/** For the help of options and arguments. */
export const SECRETLY = '"-" reads it from stdin, @FILE from a file';

/** `isHook`: the address is a secret whatever it looks like. */
export interface Reading {
  readonly isHook?: boolean;
  readonly stdin?: AsyncIterable<Uint8Array | string>;
}

/** `what`: the words for it in a refusal, which never repeats the address. @throws CommandFailure */
export async function addressFrom(
  given: string,
  what: string,
  { isHook = false, stdin = process.stdin }: Reading = {},
): Promise<string> {
  if (given === '-') return lineOf(await text(stdin as NodeJS.ReadableStream), `${what} on stdin`);
  if (given.startsWith('@')) return lineOf(await fileText(given.slice(1)), `${what} in ${given.slice(1)}`);
  const secret = isHook ? HOOK : secretIn(given);
  if (secret === undefined) return given;
  throw badInput(
    `${what} ${secret}, which everybody on this machine can read on the command line: ${SECRETLY}`,
  );
}

const HOOK = 'is as good as a password';

/** In words; undefined: it can be seen by everybody. */
function secretIn(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const { username, password, searchParams, protocol, hostname } = new URL(address);
  if (password !== '' || searchParams.has('password')) return 'holds a password';
  if (!/^https?:$/.test(protocol)) return undefined;
  // what a query or a name before the @ of a web address means, only its receiver knows
  if (searchParams.size > 0 || username !== '') return 'may hold a token';
  return HOOK_HOSTS.includes(hostname) ? HOOK : undefined;
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
