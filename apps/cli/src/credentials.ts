/**
 * Where the commands learn which cluster they talk to: the variables FORESHARD_EDGE_URL, FORESHARD_TOKEN,
 * DATABASE_URL, REDIS_URL and TOPOLOGY_URL win over `credentials.json`, which `foreshard up` writes into the
 * data folder.
 * The data folder is FORESHARD_DATA_DIR, else the nearest `.foreshard` going upward from the working folder.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { hasUserOrPassword } from '@foreshard/core/kernel';
import { z } from 'zod';
import { badInput } from './failure.ts';

export const CREDENTIALS_FILE = 'credentials.json';
const DATA_DIR_NAME = '.foreshard';

/** Written by `up`; more fields than these are allowed, so that older commands read newer files. */
export const credentialsSchema = z.looseObject({
  edgeUrl: z.url(),
  consoleUrl: z.url().optional(),
  token: z.string().min(1),
  databaseUrl: z.string().min(1).optional(),
  redisUrl: z.string().min(1).optional(),
  topologyUrl: z.string().min(1).optional(),
  hosts: z.array(z.unknown()).default([]),
});
export type Credentials = z.infer<typeof credentialsSchema>;

/** What a client of the edge needs. */
export interface EdgeAccess {
  readonly edgeUrl: string;
  readonly token: string;
}

/** What a command that decides about the topology needs. */
export interface ControlAccess {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** where the topology store is when it is not in the database */
  readonly topologyUrl?: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The folder of credentials and of state that commands keep; it may not exist yet. */
export function dataDir(env: Environment = process.env, cwd: string = process.cwd()): string {
  if (env.FORESHARD_DATA_DIR !== undefined) return resolve(cwd, env.FORESHARD_DATA_DIR);
  for (let dir = resolve(cwd); ; dir = dirname(dir)) {
    if (existsSync(join(dir, DATA_DIR_NAME))) return join(dir, DATA_DIR_NAME);
    if (dirname(dir) === dir) return join(resolve(cwd), DATA_DIR_NAME);
  }
}

/** Undefined when nothing was ever started here. @throws CommandFailure when the file cannot be understood */
export function readCredentials(
  env: Environment = process.env,
  cwd: string = process.cwd(),
): Credentials | undefined {
  const path = join(dataDir(env, cwd), CREDENTIALS_FILE);
  if (!existsSync(path)) return undefined;
  try {
    return credentialsSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw badInput(`${path} cannot be read as credentials; "foreshard up" writes it anew`, { cause });
  }
}

export function edgeAccess(env: Environment = process.env, cwd: string = process.cwd()): EdgeAccess {
  const [envUrl, envToken] = [env.FORESHARD_EDGE_URL, env.FORESHARD_TOKEN];
  // The file's token belongs to the file's edge: it is never sent to another address.
  if (envUrl !== undefined) {
    if (envToken === undefined) throw badInput('FORESHARD_EDGE_URL is set but FORESHARD_TOKEN is not');
    return { edgeUrl: webAddress('FORESHARD_EDGE_URL', envUrl), token: envToken };
  }
  const known =
    readCredentials(env, cwd) ?? noCredentials(env, cwd, 'FORESHARD_EDGE_URL and FORESHARD_TOKEN');
  return { edgeUrl: withoutSlash(known.edgeUrl), token: envToken ?? known.token };
}

/** Of the database alone. `asked`: an address that was given with the command. */
export function databaseAccess(
  asked: string | undefined,
  env: Environment = process.env,
  cwd: string = process.cwd(),
): string {
  const named = asked === undefined ? 'DATABASE_URL' : '--database';
  const given = asked ?? env.DATABASE_URL;
  if (given === undefined)
    return readCredentials(env, cwd)?.databaseUrl ?? noCredentials(env, cwd, 'DATABASE_URL');
  // the address may hold a password, so it is not repeated
  if (!URL.canParse(given) || !/^postgres(ql)?:$/.test(new URL(given).protocol))
    throw badInput(`${named} must be an address such as postgresql://USER:PASSWORD@HOST:5432/DATABASE`);
  return given;
}

export function controlAccess(env: Environment = process.env, cwd: string = process.cwd()): ControlAccess {
  const known = readCredentials(env, cwd);
  const databaseUrl = env.DATABASE_URL ?? known?.databaseUrl;
  const redisUrl = env.REDIS_URL ?? known?.redisUrl;
  if (databaseUrl === undefined || redisUrl === undefined)
    return noCredentials(env, cwd, 'DATABASE_URL and REDIS_URL');
  const topologyUrl = env.TOPOLOGY_URL ?? known?.topologyUrl;
  return { databaseUrl, redisUrl, ...(topologyUrl === undefined ? {} : { topologyUrl }) };
}

function noCredentials(env: Environment, cwd: string, variables: string): never {
  const path = join(dataDir(env, cwd), CREDENTIALS_FILE);
  throw badInput(`no cluster is known: ${path} is missing; run "foreshard up", or set ${variables}`);
}

/** Of an edge or a console, without a slash at its end. @throws CommandFailure, which never shows a password */
export function webAddress(named: string, text: string): string {
  if (hasUserOrPassword(text))
    throw badInput(
      `${named} must be without a user and a password: commands show it, and send a token alone`,
    );
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw badInput(`${named} is not an http address: "${text}"`);
  return withoutSlash(text);
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
