/** What the numbers were measured on. */
import { cpus, release, totalmem } from 'node:os';

export function machine(): string {
  const cores = cpus();
  return `${cores.length} x ${cores[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.version}`;
}
