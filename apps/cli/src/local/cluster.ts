/**
 * Makes a cluster of servers that run: the topology store up to date, the hosts taken into use, a stream to begin
 * with, a token to come in with. Every part is left alone where it is done already.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { changeHostAddress, createStream, type Topology } from '@foreshard/core/topology';
import { type Control, connectHost, isActiveToken } from '../composition.ts';
import { readCredentials } from '../credentials.ts';
import { decide, withControl } from '../deciding.ts';
import { add } from '../hosts/adding.ts';
import type { Note } from './progress.ts';
import type { Stores } from './servers.ts';

export const MAIN_STREAM = 'main';
const TOKEN_NAME = 'local start';
const OPEN_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 200;

/** Answers the token of a client. */
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

/**
 * The token of an earlier start, if the topology store still knows it; the topology store keeps only hashes, so
 * otherwise a new one.
 */
async function ensureToken(control: Control, dataDir: string): Promise<string> {
  const known = readCredentials({ FORESHARD_DATA_DIR: dataDir })?.token;
  if (known !== undefined && (await isActiveToken(control, known))) return known;
  const { plaintext } = await control.tokens.create({ name: TOKEN_NAME });
  return plaintext;
}
