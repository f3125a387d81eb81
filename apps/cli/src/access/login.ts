/** foreshard login: a token for this machine, which a person gives it in the console (RFC 8628). */
import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { request } from '../composition.ts';
import { CREDENTIALS_FILE, dataDir, readCredentials, webAddress } from '../credentials.ts';
import { badInput, CommandFailure } from '../failure.ts';
import { note, print, printJson } from '../output.ts';

export interface LoginOptions {
  readonly console?: string;
  readonly edge?: string;
  readonly json: boolean;
}

const MS_PER_SECOND = 1_000;
const ANSWER_TIMEOUT_MS = 15_000;
const ANSWER_BYTES_MAX = 100_000;

const startedSchema = z.object({
  device_code: z.string(),
  user_code: z.string(),
  verification_path: z.string(),
  expires_in: z.number(),
  interval: z.number(),
});
const tokenSchema = z.object({
  token: z.string(),
  email: z.string(),
  edgeUrl: z.url(),
  expiresAt: z.string(),
});
const refusalSchema = z.object({ detail: z.string(), error: z.string().optional() });

/** @throws CommandFailure */
export async function login({ console: given, edge, json }: LoginOptions): Promise<void> {
  const consoleUrl = addressOf(given);
  const ownEdge = edge === undefined ? undefined : webAddress('--edge', edge);
  const folder = freeFolder();
  const started = startedSchema.safeParse(await ask(`${consoleUrl}/api/device`, { device: hostname() })).data;
  if (started === undefined) throw new CommandFailure(`${consoleUrl} is not the address of a console`);
  const { device_code, user_code, verification_path, expires_in, interval } = started;
  note(`open ${consoleUrl}${verification_path}?code=${user_code} and let this machine in`);
  note(`the code is ${user_code}; it holds for ${Math.round(expires_in / 60)} minutes`);
  const deadlineMs = Date.now() + expires_in * MS_PER_SECOND;
  const answer = await whenLetIn(consoleUrl, device_code, interval * MS_PER_SECOND, deadlineMs);
  const edgeUrl = ownEdge ?? answer.edgeUrl;
  await keep(folder, { edgeUrl, consoleUrl, token: answer.token });
  const { email, expiresAt } = answer;
  if (json) return printJson({ email, edgeUrl, consoleUrl, expiresAt, file: join(folder, CREDENTIALS_FILE) });
  await print(`signed in as ${email} at ${edgeUrl} until ${expiresAt}\n`);
}

function addressOf(given: string | undefined): string {
  const url = given ?? process.env.FORESHARD_CONSOLE_URL ?? readCredentials()?.consoleUrl;
  if (url === undefined) throw badInput('which console? Give --console URL, or set FORESHARD_CONSOLE_URL');
  return webAddress('--console', url);
}

/** The credentials of a local start are its own: what they know is in no answer of a console. */
function freeFolder(): string {
  const folder = dataDir();
  if (existsSync(join(folder, CREDENTIALS_FILE)) && readCredentials()?.databaseUrl !== undefined)
    throw badInput(
      `${folder} has the credentials of a local start, which the commands use already. To be somebody else, set FORESHARD_DATA_DIR to another folder`,
    );
  return folder;
}

async function whenLetIn(consoleUrl: string, device_code: string, everyMs: number, deadlineMs: number) {
  for (;;) {
    await sleep(everyMs);
    const reply = await ask(`${consoleUrl}/api/device/token`, { device_code }, true);
    const token = tokenSchema.safeParse(reply);
    if (token.success) return token.data;
    const { detail, error } = refusalSchema.parse(reply);
    if (error !== 'authorization_pending' || Date.now() > deadlineMs)
      throw new CommandFailure(`not signed in: ${detail}`);
  }
}

/** `refusals`: a refusal is an answer. @throws CommandFailure */
async function ask(url: string, body: object, refusals = false): Promise<unknown> {
  const { status, text } = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
    ...{ timeoutMs: ANSWER_TIMEOUT_MS, bytesMax: ANSWER_BYTES_MAX },
  }).catch((cause: Error) => {
    throw new CommandFailure(`no console can be reached at ${new URL(url).origin}: ${cause.message}`);
  });
  const answer = parsed(text);
  if (status === 200 || (refusals && status === 400)) return answer;
  const detail = refusalSchema.safeParse(answer).data?.detail ?? text.slice(0, 200);
  throw new CommandFailure(`the console answers ${status}: ${detail}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Readable for its owner alone; never half written. */
async function keep(folder: string, credentials: object): Promise<void> {
  const file = join(folder, CREDENTIALS_FILE);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(`${file}.new`, `${JSON.stringify(credentials, undefined, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
