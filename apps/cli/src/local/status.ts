/** foreshard status: what runs here, whether it is ready, and where it is reached. */
import { isRunning, postgresAnswers, redisAnswers } from '@foreshard/local';
import { z } from 'zod';
import { readCredentials } from '../credentials.ts';
import { EXIT_FAILURE } from '../failure.ts';
import { writeOut } from '../output.ts';
import { tableOf } from '../table.ts';
import { remembered } from './remembered.ts';
import { liveRun, type ProcessRecord } from './run-record.ts';
import { probe, services } from './services.ts';
import type { Listener, UpSettings } from './settings.ts';

const READY_WITHIN_MS = 2_000;

interface Line {
  readonly name: string;
  readonly pid: number | null;
  readonly state: 'ready' | 'alive' | 'ended';
  readonly address: string | null;
  readonly log: string;
}

export async function status(settings: UpSettings, json: boolean): Promise<void> {
  const { dataDir } = settings;
  const run = await liveRun(dataDir);
  const lines = run === undefined ? [] : await Promise.all(run.processes.map((p) => lineOf(p, settings)));
  const ready = run?.ready === true && lines.every((line) => line.state === 'ready');
  const waiting = run === undefined ? [] : await waitingHosts(settings.dataDir);
  if (json) {
    const report = {
      running: run !== undefined,
      ready,
      supervisor: run?.supervisor.pid ?? null,
      processes: lines,
      waiting,
    };
    writeOut(`${JSON.stringify(report)}\n`);
  } else writeOut(run === undefined ? 'Foreshard is not running.\n' : `${tableOf(lines.map(asRow))}\n`);
  if (!json) for (const { what, why, cure } of waiting) writeOut(`\n${what}: ${why}.\n${cure}\n`);
  if (!ready) process.exitCode = EXIT_FAILURE;
}

async function lineOf({ name, pid, began, log }: ProcessRecord, settings: UpSettings): Promise<Line> {
  const address = addressesOf(settings.dataDir)[name] ?? null;
  const line = { name, pid, address, log };
  if (!(await isRunning({ pid, began }))) return { ...line, pid: null, state: 'ended' };
  const service = services(settings).find((s) => s.name === name);
  const ready =
    service === undefined || address === null
      ? await answers(name, settings.dataDir)
      : await probe({ ...service, listener: listenerOf(address) }, service.readyPath);
  return { ...line, state: ready ? 'ready' : 'alive' };
}

const waitingSchema = z.object({
  waiting: z.array(z.object({ host: z.int(), what: z.string(), why: z.string(), cure: z.string() })),
});

/** Hosts that went back to an older state, as the edge tells them; none where it does not answer. */
async function waitingHosts(dataDir: string): Promise<z.output<typeof waitingSchema>['waiting']> {
  const { edge } = addressesOf(dataDir);
  if (edge === undefined) return [];
  try {
    const response = await fetch(`${edge}/readyz`, { signal: AbortSignal.timeout(READY_WITHIN_MS) });
    return waitingSchema.safeParse(await response.json()).data?.waiting ?? [];
  } catch {
    // the row of the edge says so
    return [];
  }
}

/** A server that is frozen still runs. */
async function answers(name: string, dataDir: string): Promise<boolean> {
  const port = (await remembered(dataDir)).ports[name];
  if (port === undefined) return true;
  return (name === 'postgres' ? postgresAnswers(port) : redisAnswers(port)).catch(() => false);
}

/** As they were when it was started: the environment of this command may be another. */
function addressesOf(dataDir: string): Record<string, string | undefined> {
  const known = readCredentials({ FORESHARD_DATA_DIR: dataDir });
  const worker = typeof known?.workerUrl === 'string' ? known.workerUrl : undefined;
  return { edge: known?.edgeUrl, console: known?.consoleUrl, worker };
}

function listenerOf(address: string): Listener {
  const { hostname, port } = new URL(address);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port), variable: '' };
}

function asRow({ log: _, ...shown }: Line): Readonly<Record<string, unknown>> {
  return { ...shown };
}
