/** Asks the worker for a training and follows its log until it has ended. */
import { setTimeout as sleep } from 'node:timers/promises';
import { models } from '@foreshard/core/operations';
import { CommandFailure } from '../failure.ts';
import { type OperationOptions, runOperation } from '../operations/run-operation.ts';
import { print, printJson, writeErr } from '../output.ts';

const LOOK_EVERY_MS = 500;
/** a worker that runs takes a job within seconds */
const START_MS = 30_000;
/** one that was asked for, and those that others ask for meanwhile */
const LOOKED_AT = 5;

interface TrainingOptions extends OperationOptions {
  readonly stream?: string;
  readonly reason: string;
}

export async function followTraining({ stream, reason, ...options }: TrainingOptions): Promise<void> {
  const newest = async (limit: number) =>
    (await runOperation(models.trainings, { limit }, options)).trainings;
  const [before] = await newest(1);
  if (before?.state === 'running') writeErr(`training ${before.id} runs already: following it\n`);
  else await runOperation(models.retrain, { reason, ...(stream === undefined ? {} : { stream }) }, options);
  const after = before?.state === 'running' ? before.id - 1 : (before?.id ?? 0);
  const deadline = Date.now() + START_MS;
  let shown = 0;
  for (;;) {
    const run = (await newest(LOOKED_AT)).findLast(({ id }) => id > after);
    if (run === undefined) {
      if (Date.now() > deadline) throw new CommandFailure('no worker took it: is one running?');
    } else {
      if (!options.json) writeErr(run.log.slice(shown));
      shown = run.log.length;
      if (run.state !== 'running') {
        if (options.json) printJson(run);
        else await print(`training ${run.id} ${run.state}: ${run.detail}\n`);
        if (run.state === 'failed') throw new CommandFailure('the champion is the one it was');
        return;
      }
    }
    await sleep(LOOK_EVERY_MS);
  }
}
