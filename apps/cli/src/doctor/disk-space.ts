/** Free space of the folders that are seen from here; a host whose disk is full stops. */
import { access, statfs } from 'node:fs/promises';
import { type Finding, ok, problem, warning } from '@foreshard/core/hosts';

const FREE_SHARE_WARNING = 0.1;
const FREE_SHARE_PROBLEM = 0.02;
const LOOPBACK = /^(127\.|localhost$|\[?::1\]?$)/;

/** Of a server at an address of this machine whose folder exists here; else nothing can be seen. */
export async function examineEngineDisk(
  subject: string,
  url: string,
  folder: string | undefined,
): Promise<Finding[]> {
  if (folder === undefined || !LOOPBACK.test(new URL(url).hostname)) return [];
  return examineDisk(subject, folder);
}

export async function examineDisk(subject: string, folder: string): Promise<Finding[]> {
  try {
    await access(folder);
    const { bavail, blocks, bsize } = await statfs(folder);
    return [judgeDisk(subject, folder, bavail / blocks, bavail * bsize)];
  } catch {
    return [];
  }
}

export function judgeDisk(subject: string, folder: string, share: number, freeBytes: number): Finding {
  const what = `${Math.round(share * 100)} % (${(freeBytes / 1e9).toFixed(1)} GB) free in ${folder}`;
  const cure = 'free space, or move the folder to a larger disk; a shorter retention helps later';
  if (share < FREE_SHARE_PROBLEM) return problem(subject, `${what}: a full disk stops it`, cure);
  return share < FREE_SHARE_WARNING
    ? warning(subject, `${what}: a full disk stops it`, cure)
    : ok(subject, what);
}
