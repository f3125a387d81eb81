/**
 * Accesses to a disk (`version,time,op,size,lbn`, times in seconds, gzip or plain): the key of an access is its extent of
 * 1 MiB, which is how block stores shard.
 */
import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip, gunzipSync, constants as zlib } from 'node:zlib';
import { badInput } from '../failure.ts';

const BLOCK_BYTES = 512;
const EXTENT_BYTES = 2 ** 20;
const HEAD_BYTES = 4_096;

export function isBlockTrace(file: string): boolean {
  if (!/\.csv(\.gz)?$/.test(file)) return false;
  const names = headOf(file).split('\n', 1)[0]!.trim().split(',');
  return names.includes('lbn') && names.includes('time');
}

function headOf(file: string): string {
  const head = Buffer.alloc(HEAD_BYTES);
  const handle = openSync(file, 'r');
  const length = readSync(handle, head, 0, HEAD_BYTES, 0);
  closeSync(handle);
  const bytes = head.subarray(0, length);
  try {
    // only a beginning: what follows is missing
    return (file.endsWith('.gz') ? gunzipSync(bytes, { finishFlush: zlib.Z_SYNC_FLUSH }) : bytes).toString();
  } catch (cause) {
    throw badInput(`${file} is no gzip: ${(cause as Error).message}`, { cause });
  }
}

export async function* blockAccesses(
  file: string,
  bad: (line: number, reason: string) => void,
): AsyncGenerator<{ readonly timeMs: number; readonly key: string }> {
  const bytes = createReadStream(file);
  const lines = createInterface({ input: file.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes });
  let names: string[] | undefined;
  let number = 0;
  for await (const line of lines) {
    number++;
    const cells = line.split(',');
    if (names === undefined) {
      names = cells;
      continue;
    }
    const seconds = Number(cells[names.indexOf('time')]);
    const block = Number(cells[names.indexOf('lbn')]);
    if (line === '') continue;
    if (!Number.isFinite(seconds) || !Number.isFinite(block)) bad(number, `"${line}" has no time and lbn`);
    else yield { timeMs: 1_000 * seconds, key: String(Math.floor((block * BLOCK_BYTES) / EXTENT_BYTES)) };
  }
}
