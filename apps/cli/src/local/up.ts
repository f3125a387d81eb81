/**
 * foreshard up: everything on this machine, under one supervisor that stays until it is told to end. The
 * steps stand here in the order in which one needs the other.
 */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isFree, SetupFailure } from '@foreshard/local';
import { buildConsole } from '../building/build-console.ts';
import { generateClient } from '../building/generate-client.ts';
import { migrate } from '../composition.ts';
import { CREDENTIALS_FILE, readCredentials } from '../credentials.ts';
import { writeErr, writeOut } from '../output.ts';
import { makeAdministrator, newAdministratorLink, prepareCluster, renewToken, whenOpen } from './cluster.ts';
import { diskUse } from './disk-use.ts';
import { type EndRequest, endRequested } from './end-request.ts';
import { provideHosts, withoutRemoved } from './host-provider.ts';
import { Progress } from './progress.ts';
import { remember, remembered } from './remembered.ts';
import { claim, clearRun, type RunRecord } from './run-record.ts';
import { type Stores, startStores } from './servers.ts';
import { serviceEnvironment, services, startService, whenReady } from './services.ts';
import { addressOf, type UpSettings } from './settings.ts';
import { Supervisor } from './supervisor.ts';
import { waitForOther } from './waiting.ts';

const STEPS = 7;
const say = (line: string) => writeErr(`foreshard: ${line}\n`);

export async function up(settings: UpSettings): Promise<void> {
  const other = await claim(settings.dataDir);
  if (other !== undefined) return showOther(settings, other);
  const end = endRequested();
  const supervisor = new Supervisor(settings.dataDir, say);
  try {
    await Promise.race([start(settings, supervisor, end), supervisor.gaveUp, end.requested]);
    await Promise.race([supervisor.gaveUp, end.requested]);
  } finally {
    await stopAll(supervisor, settings);
  }
}

async function start(settings: UpSettings, supervisor: Supervisor, end: EndRequest): Promise<void> {
  const { dataDir } = settings;
  const firstStart = !(await remembered(dataDir)).firstStartDone;
  const list = services(settings);
  for (const { name, listener } of list) await requireFree(name, listener);
  const progress = new Progress(STEPS);
  await progress.step('generating the database client', () => generateClient(end.signal));
  await progress.step('building the console', () => buildConsole(end.signal));
  const stores = await progress.step('starting PostgreSQL, Redis and the hosts', (note) =>
    startStores(settings, (name, server) => supervisor.keep(name, 'server', server), note),
  );
  await progress.step('applying migrations', () => migrate(stores.databaseUrl));
  const token = await progress.step('taking hosts into use', async () => {
    const staying = await withoutRemoved(stores, settings, supervisor);
    return prepareCluster(staying, dataDir);
  });
  if (settings.administrator !== undefined) await makeAdministrator(stores, settings.administrator);
  await writeCredentials(settings, stores, token);
  const env = serviceEnvironment(settings, stores);
  await progress.step('starting edge, worker and console', async (note) => {
    for (const service of list) {
      note(service.name);
      await supervisor.keep(service.name, 'service', await startService(service, dataDir, env));
    }
  });
  await progress.step('waiting until all are ready', async (note) => {
    await whenOpen(stores, note);
    for (const service of list) await whenReady(service, note);
  });
  if (settings.hostProvider === 'local') provideHosts(stores, settings, supervisor, end.signal, say);
  await supervisor.markReady();
  keepTokens(settings, stores, end.signal);
  await announce(settings, stores, firstStart);
}

const RENEWAL_LOOK_MS = 12 * 3_600_000;

/** A product that runs for months goes on handing out a token that holds. */
function keepTokens(settings: UpSettings, stores: Stores, ending: AbortSignal): void {
  const timer = setInterval(() => {
    renewToken(stores, settings.dataDir)
      .then((token) => writeCredentials(settings, stores, token))
      .catch((error: Error) => say(`the token of this machine was not renewed: ${error.message}`));
  }, RENEWAL_LOOK_MS);
  timer.unref();
  ending.addEventListener('abort', () => clearInterval(timer), { once: true });
}

async function requireFree(name: string, { host, port, variable }: UpSettings['edge']): Promise<void> {
  if (await isFree(port, host)) return;
  throw new SetupFailure(
    `port ${port}, on which the ${name} would listen, is taken by another program`,
    `stop that program, or choose another port: ${variable}=${port + 1} npm start`,
  );
}

/** Readable only for the one who started it; never half written. */
async function writeCredentials(settings: UpSettings, stores: Stores, token: string): Promise<void> {
  const file = join(settings.dataDir, CREDENTIALS_FILE);
  const credentials = {
    edgeUrl: addressOf(settings.edge),
    consoleUrl: addressOf(settings.web),
    workerUrl: addressOf(settings.worker),
    token,
    databaseUrl: stores.databaseUrl,
    redisUrl: stores.redisUrl,
    topologyUrl: stores.topologyUrl,
    hosts: stores.hostUrls,
  };
  await writeFile(`${file}.new`, `${JSON.stringify(credentials, undefined, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

async function announce(settings: UpSettings, stores: Stores, firstStart: boolean): Promise<void> {
  const startedMs = Number(process.env.FORESHARD_STARTED_AT ?? Date.now() - process.uptime() * 1000);
  const took = `${((Date.now() - startedMs) / 1000).toFixed(0)} s`;
  const used = firstStart ? `, first start, ${await diskUse(settings.dataDir)} of disk` : '';
  writeOut(`\nForeshard is ready (${took}${used}).\n${addresses(settings.dataDir)}`);
  const link = await newAdministratorLink(
    stores,
    process.env.FORESHARD_CONSOLE_URL || addressOf(settings.web),
  );
  if (link !== undefined)
    writeOut(
      `\nCreate the first administrator with this link. It works once, for 15 minutes:\n  ${link.url}\nA new one: npm run foreshard -- users link\n\n`,
    );
  writeOut('Ctrl-C or "npm stop" ends it; the data stay.\n');
  if (firstStart)
    await remember(settings.dataDir, { ...(await remembered(settings.dataDir)), firstStartDone: true });
}

function addresses(dataDir: string): string {
  const known = readCredentials({ FORESHARD_DATA_DIR: dataDir })!;
  return [
    `  console  ${known.consoleUrl}`,
    `  edge     ${known.edgeUrl}`,
    `  token    in ${join(dataDir, CREDENTIALS_FILE)}`,
    `  data     ${dataDir}`,
    '',
  ].join('\n');
}

async function showOther({ dataDir }: UpSettings, other: RunRecord): Promise<void> {
  const pid = other.supervisor.pid;
  if (!other.ready) say(`another start is under way (process ${pid}); waiting for it`);
  await waitForOther(dataDir, pid);
  writeOut(`Foreshard is running already (process ${pid}).\n${addresses(dataDir)}`);
}

async function stopAll(supervisor: Supervisor, { dataDir }: UpSettings): Promise<void> {
  const started = supervisor.keepsAnything;
  if (started) say('ending edge, worker, console, then the servers');
  await supervisor.stop();
  await clearRun(dataDir);
  if (started) say(`ended; the data stay in ${dataDir}`);
}
