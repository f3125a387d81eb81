/**
 * The one writer to the terminal. Whatever is written goes through `printable`; a test refuses every other way out of the
 * command (output-rule.test.ts).
 */
import { createInterface } from 'node:readline/promises';

/** Before the exit: a pipe takes 64 KiB at a time, and what it has not taken by then is lost. */
export async function writtenOut(): Promise<void> {
  for (const stream of [process.stdout, process.stderr])
    await new Promise<void>((resolve) => stream.write('', () => resolve()));
}

/**
 * Characters that a terminal acts on, or that show text in another order than it is read: C0 but tab and line feed,
 * DEL, C1, and the marks, embeddings, overrides and isolates of bidirectional text, with the two line separators.
 */
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * Text of others as a terminal may have it: a key or a name must not move the cursor, change the title or pretend to be
 * another. Written as JSON writes them, so a JSON document stays the same document.
 */
export function printable(text: string): string {
  return text.replaceAll(UNSEEN, escaped);
}

/** The same within a line. */
export function printableLine(text: string): string {
  return printable(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** The result. */
export function writeOut(text: string): void {
  process.stdout.write(printable(text));
}

/** Beside the result. */
export function writeErr(text: string): void {
  process.stderr.write(printable(text));
}

/** For displays of how far a command is, which move the cursor: they make texts of others `printableLine` themselves. */
export const progressOutput: NodeJS.WriteStream = process.stderr;

/** A reader that has seen enough (head, less) ends the output, not the command. */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}

/** Asks whoever sits at the terminal to type "yes"; where nobody does, the answer is no. */
export async function saysYes(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(`${printableLine(question)} Type "yes": `)).trim() === 'yes';
  } finally {
    terminal.close();
  }
}

/** Writes to stdout and waits until it is out. False when nobody reads any more (head, less). */
export function print(text: string): Promise<boolean> {
  return new Promise((resolve) => {
    process.stdout.write(printable(text), (error) => resolve(error === undefined || error === null));
  });
}

/** A remark for people, beside what the command prints. */
export function note(text: string): void {
  writeErr(`${text}\n`);
}

/** "1 host", "12 hosts" */
export function counted(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? '' : 's'}`;
}

/** The answer of an operation, for programs. */
export function printJson(answer: unknown): void {
  // an operation may answer nothing
  writeOut(`${JSON.stringify(answer ?? null)}\n`);
}
