/** The fast clock of fast-clock.c, compiled on the spot, and what a process is told to live on it. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface FastClock {
  /** how many times as fast as the real one */
  readonly rate: number;
  /** real Unix time from which on it runs fast; before, it only shows another date */
  readonly startMs: number;
  /** what it shows at that moment */
  readonly dateMs: number;
}

const SOURCE = fileURLToPath(new URL('./fast-clock.c', import.meta.url));

/** Answers the path for `environmentOf`. @throws Error when no C compiler is on this machine */
export async function buildFastClock(dir: string): Promise<string> {
  const library = join(dir, 'fast-clock.so');
  try {
    await promisify(execFile)('cc', ['-O2', '-shared', '-fPIC', '-o', library, SOURCE, '-ldl']);
  } catch (error) {
    throw new Error('a fast clock needs a C compiler (Debian: apt install gcc libc6-dev)', { cause: error });
  }
  return library;
}

export function environmentOf(
  library: string,
  { rate, startMs, dateMs }: FastClock,
): Readonly<Record<string, string>> {
  return {
    LD_PRELOAD: library,
    FAST_CLOCK_RATE: String(rate),
    FAST_CLOCK_BEGIN_MS: String(startMs),
    FAST_CLOCK_SHIFT_MS: String(dateMs - startMs),
  };
}
