/** Processor time of other processes, which neighbours on the machine change less than they change what takes time. */
import { readdir, readFile } from 'node:fs/promises';

/** fields of /proc/PID/stat after the name (proc(5)) */
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;
/** of the children that have ended */
const ENDED_USER_TICKS = 13;
const ENDED_SYSTEM_TICKS = 14;
/** the parent */
const PARENT = 1;
/** USER_HZ, the same on every Linux of today */
const TICKS_PER_SECOND = 100;

/** Microseconds of user and system time of the process and its threads. Linux only. */
export async function processorMicros(pid: number): Promise<number> {
  return micros(await fieldsOf(pid), USER_TICKS, SYSTEM_TICKS);
}

/** The same with its children, also those that have ended: PostgreSQL has one for each connection. */
export async function familyMicros(pid: number): Promise<number> {
  const pids = (await readdir('/proc')).map(Number).filter((id) => id > 0);
  const all = await Promise.all(pids.map((id) => fieldsOf(id).catch(() => [])));
  const children = all.filter((fields) => Number(fields[PARENT]) === pid);
  const own = await fieldsOf(pid);
  return [own, ...children].reduce(
    (sum, fields) => sum + micros(fields, USER_TICKS, SYSTEM_TICKS),
    micros(own, ENDED_USER_TICKS, ENDED_SYSTEM_TICKS),
  );
}

function micros(fields: readonly string[], ...ticks: readonly number[]): number {
  return (ticks.reduce((sum, at) => sum + Number(fields[at]), 0) * 1e6) / TICKS_PER_SECOND;
}

async function fieldsOf(pid: number): Promise<string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // the name in parentheses may hold spaces
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
