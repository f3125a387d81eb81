/**
 * Prometheus' own check of metrics, for tests: names, units, help texts, types. Debian's package is 19 MB to
 * download and 105 MB on disk, and is fetched once a checkout.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { unpackDebianPackages } from './debian-packages.ts';

const CURE = 'connect to a mirror of Debian, or put promtool into the PATH';

/** What promtool finds wrong with a page of metrics, one line each. @throws SetupFailure without a network */
export async function promtoolFindings(metrics: string): Promise<string[]> {
  const { dir, env } = await unpackDebianPackages('promtool', ['prometheus'], CURE, () => {});
  const promtool = spawn(join(dir, 'usr/bin/promtool'), ['check', 'metrics'], { env });
  promtool.stdin.end(metrics);
  const [out, errors] = await Promise.all([
    text(promtool.stdout),
    text(promtool.stderr),
    promtool.exitCode ?? once(promtool, 'close'),
  ]);
  return `${out}${errors}`.split('\n').filter((line) => line !== '');
}
