/** Processor time of other processes, which neighbours on the machine change less than they change what takes time. */
import { readFile } from 'node:fs/promises';

/** fields of /proc/PID/stat after the name (proc(5)) */
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;
/** USER_HZ, the same on every Linux of today */
const TICKS_PER_SECOND = 100;

/** Microseconds of user and system time of the process and its threads. Linux only. */
export async function processorMicros(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // the name in parentheses may hold spaces
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS])) * 1e6) / TICKS_PER_SECOND;
}
