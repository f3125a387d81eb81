/** The newest head that was seen on this machine, beside the key: an end that is cut off in the database shows against it. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Head } from '../../audit/index.ts';

const HEAD = /^(\d{1,15}):([0-9a-f]{64})$/;

/** `NUMBER:HASH`, as it is published. */
export function headText({ number, hash }: Head): string {
  return `${number}:${hash}`;
}

/** Undefined for anything else. */
export function headFrom(text: string): Head | undefined {
  const [, number, hash] = HEAD.exec(text.trim()) ?? [];
  return number === undefined || hash === undefined ? undefined : { number: Number(number), hash };
}

export function headFileOf(keyFile: string): string {
  return `${keyFile.replace(/\.key$/, '')}.head`;
}

/** Undefined where none was kept, or nothing can be read. */
export async function readHead(file: string): Promise<Head | undefined> {
  return headFrom(await readFile(file, 'utf8').catch(() => ''));
}

export async function keepHead(file: string, head: Head): Promise<void> {
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, `${headText(head)}\n`, { mode: 0o600 });
  await rename(temporary, file);
}
