/**
 * Which Chromium tests of the console drive: the one named by CHROMIUM_PATH, else one on the PATH, else the
 * one an npm package brings, with the few libraries a bare Debian lacks unpacked beside it.
 */
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { unpackDebianPackages } from './debian-packages.ts';
import type { Program } from './redis-programs.ts';
import { SetupFailure } from './setup-failure.ts';

const run = promisify(execFile);
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];
const LIBRARIES = ['libnss3', 'libnspr4', 'libexpat1'];
const CURE = 'install Chromium, or set CHROMIUM_PATH to one';

/** `bundled` answers the path of the packaged one; it is unpacked only when it is needed. */
export async function findChromium(bundled: () => Promise<string>): Promise<Program> {
  const named = process.env.CHROMIUM_PATH;
  if (named !== undefined && named !== '') return working({ program: named, env: process.env });
  const folders = (process.env.PATH ?? '').split(delimiter);
  for (const program of folders.flatMap((folder) => NAMES.map((name) => join(folder, name))))
    if (await isExecutable(program)) return { program, env: process.env };
  const own = { program: await bundled(), env: process.env };
  if ((await failureOf(own)) === undefined) return own;
  const { env } = await unpackDebianPackages('chromium-libraries', LIBRARIES, CURE, () => {});
  return working({ ...own, env });
}

async function working(program: Program): Promise<Program> {
  const failure = await failureOf(program);
  if (failure === undefined) return program;
  throw new SetupFailure(`Chromium at ${program.program} does not run (${failure})`, CURE);
}

/** What a program that lacks a library says, for example; undefined when it runs. */
async function failureOf({ program, env }: Program): Promise<string | undefined> {
  return run(program, ['--version', '--no-sandbox'], { env }).then(
    () => undefined,
    (error: Error & { stderr?: string }) => (error.stderr || error.message).trim().split('\n')[0],
  );
}

function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
