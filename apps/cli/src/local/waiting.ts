/** Waits for a start that somebody else has begun over the same data. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandFailure } from '../failure.ts';
import { liveRun } from './run-record.ts';

const POLL_MS = 200;

export async function waitForOther(dataDir: string, pid: number): Promise<void> {
  for (;;) {
    const run = await liveRun(dataDir);
    if (run?.supervisor.pid !== pid) throw new CommandFailure('the other start has ended: start again');
    if (run.ready) return;
    await sleep(POLL_MS);
  }
}
