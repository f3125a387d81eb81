/**
 * Makes every fdatasync and fsync of a server slower by a fixed time, as a network volume would: a small
 * library compiled on the spot and preloaded into the server.
 */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const SOURCE = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
static void wait_(void) { struct timespec t = { DELAY_MS / 1000, (DELAY_MS % 1000) * 1000000L }; nanosleep(&t, 0); }
int fdatasync(int fd) { static int (*real)(int); if (!real) real = dlsym(RTLD_NEXT, "fdatasync"); wait_(); return real(fd); }
int fsync(int fd) { static int (*real)(int); if (!real) real = dlsym(RTLD_NEXT, "fsync"); wait_(); return real(fd); }
`;

/** Answers the path for LD_PRELOAD. @throws Error when no C compiler is on this machine */
export async function buildSlowSync(dir: string, delayMs: number): Promise<string> {
  const source = join(dir, 'slow-sync.c');
  const library = join(dir, `slow-sync-${delayMs}.so`);
  await writeFile(source, SOURCE);
  try {
    await promisify(execFile)('cc', [
      '-shared',
      '-fPIC',
      `-DDELAY_MS=${delayMs}L`,
      '-o',
      library,
      source,
      '-ldl',
    ]);
  } catch (error) {
    throw new Error('--fsync-ms needs a C compiler (Debian: apt install gcc libc6-dev)', { cause: error });
  }
  return library;
}
