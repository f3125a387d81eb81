/**
 * The first command of a fresh clone. It runs on the machine's own Node (20.19 or newer) with built-in modules
 * only: it installs the packages when they are missing or their lock file changed, and goes on with the
 * Node 24 among them. Everything else is in apps/cli.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(fileURLToPath(import.meta.url));
/** Native packages ask for `^20.19.0 || >=22.12.0`; npm leaves them out, without a word, on any other Node. */
const OLDEST_MINOR = { 20: 19, 22: 12 };
const NEWEST_LISTED = 22;
const CURE_NODE = 'install Node 20.19, 22.12 or newer: https://nodejs.org';
const PRODUCT_NODE = 24;
/** packages 1.5 GB, npm's cache of them 0.5 GB, the built console and empty stores 0.5 GB */
const FIRST_START_BYTES = 2.5e9;
const CACHE = join(ROOT, 'node_modules/.cache/foreshard');
const STAMP = join(CACHE, 'installed');
const INSTALL_LOG = join(CACHE, 'install.log');
/** Install scripts are not needed; retries are few, since npm asks for hundreds of packages one by one. */
const INSTALL = [
  ...['install', '--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund'],
  ...['--loglevel=http', '--fetch-retry-mintimeout=1000', '--fetch-timeout=30000'],
];
/** all attempts for the first package */
const NETWORK_FAILURES_MAX = 3;
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const ENTRIES = { bench: 'bench/src/main.ts', simulation: 'bench/src/simulation/main.ts' };

/** The failures of an installation that people meet, by what npm prints. */
const INSTALL_FAILURES = [
  [/ENOSPC/, 'the disk is full', 'free about 3 GB and start again'],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|network/i,
    'the npm registry cannot be reached',
    'check the network (or the proxy: npm config set proxy URL) and start again',
  ],
  [
    /EACCES|EPERM|EROFS/,
    'a file may not be written',
    `make ${ROOT} writable for this user, or clone it into a folder that is`,
  ],
];

const startedAt = Date.now();
let ownHome;
process.on('uncaughtException', (error) => {
  if (error.code === 'ENOSPC') fail('the disk is full', 'free about 3 GB and start again');
  if (error.code === 'EACCES' || error.code === 'EROFS')
    fail(
      `${error.path} may not be written`,
      `make ${ROOT} writable for this user, or clone it into a folder that is`,
    );
  throw error;
});
await main(process.argv.slice(2));

async function main(args) {
  if (!isSupported(process.versions.node)) fail(`Node ${process.versions.node} is too old`, CURE_NODE);
  const env = environment();
  if (!isInstalled()) await install(env);
  run(productNode(), args, env);
}

function isSupported(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > NEWEST_LISTED || minor >= OLDEST_MINOR[major];
}

/** What an older Node installed lacks the packages that were not made for it. */
function isInstalled() {
  const [packages, , , , node] = (read(STAMP) || '').split(' ');
  return packages === fingerprint() && node !== undefined && isSupported(node);
}

/** Packages differ when the lock file, a package.json, or the kind of machine does. */
function fingerprint() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  const folders = ['apps', 'packages'].flatMap((group) =>
    fs.readdirSync(join(ROOT, group)).map((name) => join(group, name)),
  );
  for (const folder of ['.', 'e2e', 'bench', ...folders])
    hash.update(read(join(ROOT, folder, 'package.json')) || '');
  return hash.update(read(join(ROOT, 'package-lock.json')) || '').digest('hex');
}

async function install(env) {
  const { npm, node } = npmVersions(env);
  if (!isSupported(node)) fail(`npm runs on Node ${node}, which is too old`, CURE_NODE);
  if (!fs.existsSync(join(ROOT, 'node_modules/.package-lock.json'))) checkSpace();
  fs.mkdirSync(CACHE, { recursive: true });
  fs.rmSync(STAMP, { force: true });
  const code = await quietly('installing packages', 'npm', INSTALL, env, unreachable);
  if (ownHome !== undefined) fs.rmSync(join(ownHome, '_cacache'), { recursive: true, force: true });
  if (code !== 0) failInstall(code);
  // an installation may complete the lock file: the next start must not install again because of that
  fs.writeFileSync(STAMP, `${fingerprint()} npm ${npm} node ${node}`);
}

/** npm may run on another Node than this: the first one on the PATH. */
function npmVersions(env) {
  const { status, stdout } = spawnSync('npm', ['version', '--json'], { cwd: ROOT, env, encoding: 'utf8' });
  if (status !== 0) fail('npm is not on the PATH', 'install npm (Debian: apt install npm) and start again');
  return JSON.parse(stdout);
}

function checkSpace() {
  const free = freeBytes(ROOT);
  if (free !== undefined && free < FIRST_START_BYTES)
    fail(
      `only ${(free / 1e9).toFixed(1)} GB of disk are free, a first start needs 2.5 GB`,
      `free some for ${ROOT}`,
    );
}

function freeBytes(path) {
  if (fs.statfsSync === undefined) return undefined;
  const { bavail, bsize } = fs.statfsSync(path);
  return bavail * bsize;
}

function failInstall(code) {
  const log = read(INSTALL_LOG) || '';
  const known = INSTALL_FAILURES.find(([pattern]) => pattern.test(log));
  const lastLines = log.trimEnd().split('\n').slice(-8).join('\n  ');
  if (known) fail(`packages could not be installed: ${known[1]}`, `${known[2]} (log: ${INSTALL_LOG})`);
  fail(`npm install failed with exit code ${code}`, `see ${INSTALL_LOG}, which ends:\n  ${lastLines}`);
}

/** Nothing has come and everything failed: without a network npm would go on asking for an hour. */
function unreachable() {
  const log = read(INSTALL_LOG) || '';
  return (
    (log.match(/attempt \d+ failed with/g) || []).length >= NETWORK_FAILURES_MAX && !/fetch GET 200/.test(log)
  );
}

/** Runs a long command with its output in the log and a sign of life on the terminal. */
function quietly(what, program, args, env, hopeless) {
  const log = fs.openSync(INSTALL_LOG, 'w');
  const child = spawn(program, args, { cwd: ROOT, env, stdio: ['ignore', log, log] });
  const begun = Date.now();
  const seconds = () => Math.round((Date.now() - begun) / 1000);
  const terminal = process.stderr.isTTY;
  const show = () =>
    process.stderr.write(`${terminal ? '\r' : ''}${what} ... ${seconds()} s${terminal ? '' : '\n'}`);
  show();
  const timer = setInterval(show, terminal ? 1_000 : 10_000);
  const watch = setInterval(() => {
    if (hopeless()) child.kill('SIGTERM');
  }, 1_000);
  for (const signal of FORWARDED) process.once(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      clearInterval(timer);
      clearInterval(watch);
      show();
      if (terminal) process.stderr.write('\n');
      for (const name of FORWARDED) process.removeAllListeners(name);
      if (signal !== null && !hopeless()) process.exit(1);
      resolve(code);
    });
  });
}

/** The Node of the packages; where there is none for this machine, its own if it is new enough. */
function productNode() {
  for (const candidate of [join(ROOT, 'node_modules/.bin/node'), process.execPath]) {
    const { stdout } = spawnSync(candidate, ['--version'], { encoding: 'utf8' });
    if (stdout && major(stdout.slice(1)) >= PRODUCT_NODE) return candidate;
  }
  return fail(
    `npm has no Node ${PRODUCT_NODE} for ${process.platform}-${process.arch}, and this is Node ${process.versions.node}`,
    `install Node ${PRODUCT_NODE} or newer: https://nodejs.org`,
  );
}

/** Without a home that can be written, npm and others get a place of ours. */
function environment() {
  const env = { ...process.env, FORESHARD_STARTED_AT: String(startedAt), NO_UPDATE_NOTIFIER: '1' };
  env.PATH = [join(ROOT, 'node_modules/.bin'), env.PATH].join(delimiter);
  if (writable(env.HOME || safeHome())) return env;
  const home = fs.mkdtempSync(join(tmpdir(), 'foreshard-home-'));
  process.once('exit', () => fs.rmSync(home, { recursive: true, force: true }));
  ownHome = home;
  return { ...env, HOME: home, npm_config_cache: home };
}

function safeHome() {
  try {
    return homedir();
  } catch {
    return '/nonexistent';
  }
}

function writable(path) {
  try {
    fs.accessSync(path, fs.constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Goes on with the product. The channel tells it when this process is gone, however it ended; and below
 * npm, when npm is gone, so that nothing is left running unseen.
 */
function run(node, args, env) {
  const entry = ENTRIES[args[0]];
  const command = entry === undefined ? ['apps/cli/src/main.ts', ...args] : [entry, ...args.slice(1)];
  const child = spawn(node, [join(ROOT, command[0]), ...command.slice(1)], {
    // TypeScript that was stripped and compiled once: every start takes 0.4 s less of a core
    env: { NODE_COMPILE_CACHE: join(CACHE, 'compiled'), ...env },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));
  const above = callers();
  if (process.env.npm_lifecycle_event)
    setInterval(() => {
      if (callers() !== above) child.kill('SIGTERM');
    }, 1_000).unref();
  child.once('error', (error) =>
    fail(`${node} cannot be started: ${error.message}`, 'remove node_modules and start again'),
  );
  child.once('exit', (code, signal) => process.exit(signal === null ? code : 1));
}

/** npm calls a shell, which calls this: a caller that dies leaves its child to another process. */
function callers() {
  const stat = read(`/proc/${process.ppid}/stat`) || '';
  return `${process.ppid} ${stat.slice(stat.lastIndexOf(')')).split(' ')[2]}`;
}

function major(version) {
  return Number(version.split('.')[0]);
}

function read(path) {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function fail(cause, cure) {
  process.stderr.write(`foreshard: ${cause}: ${cure}\n`);
  process.exit(1);
}
