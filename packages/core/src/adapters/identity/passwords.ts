/**
 * Passwords of local accounts: argon2id with the parameters that OWASP recommends first, in the threads of libuv. An
 * account that does not exist is verified against a hash of its own, so that the time of an answer tells nothing.
 */
import { randomBytes } from 'node:crypto';
import { type Algorithm, hash, verify } from '@node-rs/argon2';

export const PASSWORD_LENGTH = { min: 12, max: 200 } as const;

/** The enum of the library is ambient and const, which isolated modules cannot read. */
const ARGON2ID = 2 as Algorithm.Argon2id;
/** 19 MiB, two passes, one lane. */
const COST = { algorithm: ARGON2ID, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const NOBODYS_BYTES = 16;

/** Words that begin the passwords people try first. Length and the rules below refuse the rest of those lists. */
const OBVIOUS = [
  ...['password', 'passwort', 'passw0rd', 'p@ssword', 'p@ssw0rd', 'foreshard', 'administrator', 'letmein'],
  ...['welcome', 'qwertyuiop', 'iloveyou', 'changeme', 'trustno1', 'secret'],
];
/** What is left of an obvious password when its word is taken away must be worth this much. */
const REST_LENGTH_MIN = 8;
const DISTINCT_MIN = 5;
const ROWS = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  'qwertyuiop',
  'qwertzuiop',
  'asdfghjkl',
  'zxcvbnm',
];
/** A run of this many neighbours of the alphabet, the digits or the keyboard counts as one character. */
const RUN_MIN = 4;

export function hashPassword(password: string): Promise<string> {
  return hash(normal(password), COST);
}

let nobody: Promise<string> | undefined;

/** `passwordHash` undefined: there is no such account; it takes as long, and the answer is `false`. */
export async function verifyPassword(passwordHash: string | undefined, password: string): Promise<boolean> {
  nobody ??= hashPassword(randomBytes(NOBODYS_BYTES).toString('hex'));
  // longer than any that was set: hashing it would only cost time
  const given = password.length > PASSWORD_LENGTH.max ? '' : normal(password);
  const isRight = await verify(passwordHash ?? (await nobody), given);
  return isRight && passwordHash !== undefined;
}

/** Why it cannot be the password of this person, with the cure; undefined: it can. */
export function passwordFault(password: string, { email, name }: { email: string; name: string }) {
  const { length } = [...password];
  if (length < PASSWORD_LENGTH.min) return `The password needs at least ${PASSWORD_LENGTH.min} characters.`;
  if (password.length > PASSWORD_LENGTH.max)
    return `The password may have at most ${PASSWORD_LENGTH.max} characters.`;
  const own = [email, ...email.split(/[@.]/), ...name.split(/\s+/)].filter((word) => word.length >= 4);
  if (isObvious(password, own))
    return 'This password is one of the first that an attacker tries. Use several unrelated words.';
  return undefined;
}

function isObvious(password: string, own: readonly string[]): boolean {
  const plain = password.toLowerCase();
  const shortened = withoutRuns(plain);
  if (new Set(shortened).size < DISTINCT_MIN || isRepeated(plain)) return true;
  return [...OBVIOUS, ...own.map((word) => word.toLowerCase())].some(
    (word) => plain.includes(word) && withoutRuns(plain.replaceAll(word, '')).length < REST_LENGTH_MIN,
  );
}

/** "abcabcabcabc" is as good as "abc". */
function isRepeated(text: string): boolean {
  const period = `${text}${text}`.indexOf(text, 1);
  return period < text.length && period < PASSWORD_LENGTH.min - 2;
}

function withoutRuns(text: string): string {
  let result = '';
  for (let i = 0; i < text.length; ) {
    const length = runAt(text, i);
    result += text[i];
    i += length;
  }
  return result;
}

function runAt(text: string, from: number): number {
  for (let length = text.length - from; length >= RUN_MIN; length--) {
    const part = text.slice(from, from + length);
    const reversed = [...part].reverse().join('');
    if (ROWS.some((row) => row.includes(part) || row.includes(reversed))) return length;
  }
  return 1;
}

/** The same characters typed on another system are the same password. */
function normal(password: string): string {
  return password.normalize('NFKC');
}
