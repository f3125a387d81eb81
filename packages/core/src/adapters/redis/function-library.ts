/**
 * The functions that run inside Redis: the files of lua/, put together into one library. Its name carries
 * the version of the data's layout and a digest of the code, so a changed function never replaces one that
 * a running process still calls: old and new live side by side during an upgrade.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import {
  DIGEST_PRIME_1,
  DIGEST_PRIME_2,
  EDGE_CLOCK_TOLERANCE_MICROS,
  FRONTIER_LAG_MICROS,
  ID_FIELD,
  IDS_PER_SET_MAX,
} from '../../hosts/index.ts';
import { UnsuitableServer } from './server-facts.ts';

const NO_ROOM =
  'the memory of this host is used up, so the functions of this version cannot be loaded; ' +
  'raise its maxmemory until it is drained';

/** Raised when a new library could not work on the data of an older one. */
const LAYOUT_VERSION = 1;

/** Each file may use what stands before it. */
const FILES = ['host', 'replica', 'frames', 'log', 'id-buckets', 'id-sets', 'append'] as const;

/** These use the files above only. Each is a block of its own, as a chunk of Lua has room for 200 local names. */
const OPERATION_FILES = ['owning', 'copying', 'reading', 'inventory'] as const;

/** Constants that Lua shares with the rest of the code. */
const CONSTANTS = {
  DIGEST_PRIME_1,
  DIGEST_PRIME_2,
  EDGE_CLOCK_TOLERANCE: EDGE_CLOCK_TOLERANCE_MICROS,
  FRONTIER_LAG: FRONTIER_LAG_MICROS,
  ID_FIELD_FROM: ID_FIELD.from,
  ID_FIELD_TO: ID_FIELD.to,
  IDS_PER_SET_MAX,
};

export interface FunctionLibrary {
  readonly name: string;
  readonly code: string;
}

let composed: FunctionLibrary | undefined;

export function functionLibrary(): FunctionLibrary {
  composed ??= compose([...FILES.map(source), ...OPERATION_FILES.map((file) => `do\n${source(file)}\nend`)]);
  return composed;
}

function source(file: string): string {
  return readFileSync(new URL(`./lua/${file}.lua`, import.meta.url), 'utf8');
}

export function compose(files: readonly string[]): FunctionLibrary {
  const constants = Object.entries(CONSTANTS).map(([name, value]) => `local ${name} = ${value}`);
  const body = [...constants, ...files].join('\n');
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 8);
  const name = `foreshard_v${LAYOUT_VERSION}_${digest}`;
  return { name, code: `#!lua name=${name}\nlocal LIBRARY = '${name}'\n${body}` };
}

/** Loads the library where it is missing; two clients may do so at once. */
export async function loadFunctionLibrary(client: Redis, library: FunctionLibrary): Promise<void> {
  const present = (await client.call('FUNCTION', 'LIST', 'LIBRARYNAME', library.name)) as unknown[];
  if (present.length > 0) return;
  try {
    await client.call('FUNCTION', 'LOAD', library.code);
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    if (message.startsWith('OOM')) throw new UnsuitableServer(NO_ROOM);
    if (!message.includes('already exists')) throw error;
  }
}
