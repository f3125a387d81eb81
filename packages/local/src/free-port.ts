/**
 * A port that nothing listens on. Chosen below the range the kernel gives to outgoing connections
 * (32768 and up on Linux, 49152 on macOS), so that a port remembered between two starts is not taken by
 * some client's connection meanwhile.
 */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const LOWEST = 20_000;
const BEYOND_HIGHEST = 32_000;
const ATTEMPTS_MAX = 100;

export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const port = randomInt(LOWEST, BEYOND_HIGHEST);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port found between ${LOWEST} and ${BEYOND_HIGHEST} in ${ATTEMPTS_MAX} attempts`);
}

export function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
