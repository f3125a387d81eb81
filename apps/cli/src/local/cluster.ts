/**
 * Makes a cluster of servers that run: the topology store up to date, the hosts taken into use, a stream to begin
 * with, a token to come in with. Every part is left alone where it is done already.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasAdministrator } from '@foreshard/core/access';
import { changeHostAddress, createStream, type Topology } from '@foreshard/core/topology';
import { SetupFailure } from '@foreshard/local';
import { type Control, connectHost, tokenExpiryMs } from '../composition.ts';
import { readCredentials } from '../credentials.ts';
import { decide, withControl } from '../deciding.ts';
import { createFirstAdministrator, firstAdministratorLink } from '../first-administrator.ts';
import { add } from '../hosts/adding.ts';
import { recordedHere } from '../recorded-here.ts';
import type { Note } from './progress.ts';
import type { Stores } from './servers.ts';
import type { Unattended } from './settings.ts';

export const MAIN_STREAM = 'main';
/** Of the command line, benches and tests on this machine: it may do everything. */
const TOKEN_NAME = 'local start';
const TOKEN_LIFETIME_MS = 90 * 86_400_000;
/** Renewed when it has less than this left; the one before holds on, so nobody is cut off. */
const RENEWED_BEFORE_MS = 30 * 86_400_000;
const OPEN_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 200;

/** Answers the token that clients on this machine come in with. */
export function prepareCluster(stores: Stores, dataDir: string): Promise<string> {
  return withControl(async (control) => {
    await renewLogins(control, stores);
    for (const [index, url] of stores.hostUrls.entries())
      await add(control, { url, name: stores.hostNames[index]! });
    await ensureStream(control);
    return ensureToken(control, dataDir);
  }, stores);
}

/**
 * The topology store knows local hosts by address; one with another password, or of an earlier release without any,
 * is the same host.
 */
async function renewLogins(control: Control, { hostUrls }: Stores): Promise<void> {
  const { hosts } = await control.topology.snapshot();
  for (const url of hostUrls) {
    const host = hosts.find((one) => isSamePlace(one.url, url));
    if (host !== undefined && host.url !== url) await decide(control, changeHostAddress(host.id, url));
  }
}

function isSamePlace(one: string, other: string): boolean {
  const [a, b] = [new URL(one), new URL(other)];
  return a.protocol === b.protocol && a.host === b.host && a.pathname.length < 2 && b.pathname.length < 2;
}

/**
 * Waits until the worker has opened every shardlet, and readmitted every host that was restarted. A host
 * that is away does not keep the others from serving: it is named, not waited for.
 */
export function whenOpen(stores: Stores, note: Note): Promise<void> {
  return withControl(async (control) => {
    await control.jobs.wake('reconcile');
    const deadline = Date.now() + OPEN_WITHIN_MS;
    const away = new Set<number>();
    while (Date.now() < deadline) {
      const [waiting] = await unfinished(await control.topology.snapshot(), away);
      if (waiting === undefined) return;
      note(waiting);
      await sleep(LOOK_EVERY_MS);
    }
  }, stores);
}

/** What is not there yet, in words. */
async function unfinished(topology: Topology, away: Set<number>): Promise<string[]> {
  const waiting: string[] = [];
  for (const host of topology.hosts.filter((h) => !away.has(h.id))) {
    const incarnation = await runningIncarnation(host.url);
    if (incarnation === undefined) away.add(host.id);
    else if (host.state !== 'active' || incarnation !== host.incarnation)
      waiting.push(`readmitting host ${host.name}`);
  }
  const opening = topology.shardlets.filter((s) => s.state.kind === 'opening' && !away.has(s.owner));
  return opening.length === 0 ? waiting : [...waiting, `opening ${opening.length} shardlets`];
}

async function runningIncarnation(url: string): Promise<string | undefined> {
  try {
    const host = await connectHost(url);
    const { incarnation } = await host.identify();
    await host.close();
    return incarnation;
  } catch {
    return undefined;
  }
}

async function ensureStream(control: Control): Promise<void> {
  const { streams } = await control.topology.snapshot();
  if (!streams.some((s) => s.name === MAIN_STREAM))
    await decide(control, createStream({ name: MAIN_STREAM }));
}

/** The token of an earlier start, if it still holds, else a new one: the store keeps only hashes. */
export function renewToken(stores: Stores, dataDir: string): Promise<string> {
  return withControl((control) => ensureToken(control, dataDir), stores);
}

async function ensureToken(control: Control, dataDir: string): Promise<string> {
  const known = readCredentials({ FORESHARD_DATA_DIR: dataDir })?.token;
  const untilMs = known === undefined ? undefined : await tokenExpiryMs(control, known);
  if (known !== undefined && untilMs !== undefined && untilMs - Date.now() > RENEWED_BEFORE_MS) return known;
  const expiresAt = new Date(Date.now() + TOKEN_LIFETIME_MS);
  const input = { name: TOKEN_NAME, expiresAt: expiresAt.toISOString() };
  const made = await recordedHere(
    control.audit,
    { operation: 'tokens.create', resource: 'token', target: TOKEN_NAME, input },
    () => control.tokens.create({ name: TOKEN_NAME, expiresAt }),
    ({ token: { id, prefix, scopes } }) => ({ id, prefix, scopes }),
  );
  return made.plaintext;
}

/** An administrator without a link, for a start that nobody looks at. @throws SetupFailure */
export async function makeAdministrator(stores: Stores, { email, passwordFile }: Unattended): Promise<void> {
  await withControl(async (control) => {
    if (await hasAdministrator(control.people)) return;
    const password = await readFile(passwordFile, 'utf8').catch((cause: Error) => {
      throw new SetupFailure(
        `the file of FORESHARD_ADMIN_PASSWORD_FILE cannot be read: ${cause.message}`,
        'write the password of the first administrator into it',
      );
    });
    const fault = await createFirstAdministrator(control, email, password.replace(/\r?\n$/, ''));
    if (fault !== undefined)
      throw new SetupFailure(
        `the first administrator ${email} cannot be created: ${fault}`,
        'change FORESHARD_ADMIN_EMAIL, or the file of FORESHARD_ADMIN_PASSWORD_FILE',
      );
  }, stores);
}

/** Undefined: there is an administrator. */
export function newAdministratorLink(stores: Stores, consoleUrl: string) {
  return withControl((control) => firstAdministratorLink(control, consoleUrl), stores);
}
