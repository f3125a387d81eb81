/** The client library as somebody else has it: packed, installed into an empty folder, and run there. */
import { execFile } from 'node:child_process';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder } from '@foreshard/local';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const OFFLINE = ['--offline', '--no-audit', '--no-fund', '--ignore-scripts'];

export interface InstalledClient {
  readonly path: string;
  /** Writes `program` beside the installed package and runs it. */
  run(program: string, env?: Readonly<Record<string, string>>, node?: string): Promise<string>;
  /** A package of this checkout, as if it were installed as well. */
  also(name: string): Promise<void>;
  remove(): Promise<void>;
}

export async function installClient(): Promise<InstalledClient> {
  const folder = await temporaryFolder('installed-client');
  const { path } = folder;
  // what a test runner sets is not what people have
  const { PATH, HOME = path, NODE_ENV } = process.env;
  const env: NodeJS.ProcessEnv = { PATH, HOME, NODE_ENV };
  const { stdout } = await run('npm', ['pack', './packages/client', '--json', '--pack-destination', path], {
    ...{ cwd: ROOT, env },
  });
  // the compiler may speak before
  const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf('[')));
  await writeFile(join(path, 'package.json'), '{"private":true,"type":"module"}');
  await run('npm', ['install', ...OFFLINE, `./${filename}`], { cwd: path, env });
  let programs = 0;
  return {
    path,
    async run(program, more = {}, node = process.execPath) {
      const file = join(path, `program-${++programs}.mjs`);
      await writeFile(file, program);
      const ended = await run(node, [file], { cwd: path, env: { ...env, ...more }, timeout: 60_000 });
      return ended.stdout;
    },
    also: (name) => symlink(join(ROOT, 'node_modules', name), join(path, 'node_modules', name)),
    remove: () => folder.remove(),
  };
}

/** The blocks of code of a document, by their language. */
export async function codeOf(document: string, language: string): Promise<string[]> {
  const text = await readFile(join(ROOT, document), 'utf8');
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, name, code]) =>
    name === language ? [code!] : [],
  );
}

/** The one block that contains a text. */
export async function blockWith(document: string, language: string, text: string): Promise<string> {
  const found = (await codeOf(document, language)).filter((code) => code.includes(text));
  if (found.length !== 1) throw new Error(`${document} has ${found.length} blocks with "${text}"`);
  return found[0]!;
}
