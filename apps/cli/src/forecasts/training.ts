/** Asks the worker for a training and follows its log until it has ended. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Control } from '../composition.ts';
import { CommandFailure } from '../failure.ts';
import { print } from '../output.ts';

const LOOK_EVERY_MS = 500;
/** a worker that runs takes a job within seconds */
const BEGIN_MS = 30_000;

export async function followTraining(
  control: Control,
  request: { readonly streamId: number | null; readonly reason: string; readonly actor: string },
  json: boolean,
): Promise<void> {
  const [before] = await control.models.runs(1);
  if (before?.state === 'running') process.stderr.write(`training ${before.id} runs already: following it\n`);
  else await control.jobs.wake('train', request);
  const after = before?.state === 'running' ? before.id - 1 : (before?.id ?? 0);
  const deadline = Date.now() + BEGIN_MS;
  let shown = 0;
  for (;;) {
    const run = (await control.models.runs(5)).findLast(({ id }) => id > after);
    if (run === undefined) {
      if (Date.now() > deadline) throw new CommandFailure('no worker took it: is one running?');
    } else {
      if (!json) process.stderr.write(run.log.slice(shown));
      shown = run.log.length;
      if (run.state !== 'running') {
        await print(json ? `${JSON.stringify(run)}\n` : `training ${run.id} ${run.state}: ${run.detail}\n`);
        if (run.state === 'failed') throw new CommandFailure('the champion is the one it was');
        return;
      }
    }
    await sleep(LOOK_EVERY_MS);
  }
}
