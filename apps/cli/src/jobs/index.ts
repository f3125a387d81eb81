/** foreshard jobs: what the worker does in the background. */
import { JOBS, type JobName } from '@foreshard/core/jobs';
import { jobs } from '@foreshard/core/operations';
import { Argument, type Command } from 'commander';
import { type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { print, printJson } from '../output.ts';

export function register(program: Command): void {
  const group = program.command('jobs').description('background jobs of the worker');
  operating(group.command('run'), jobs.run)
    .description('run a job now; while it runs, it is run once more after that')
    .addArgument(new Argument('<name>', 'its name').choices(Object.keys(JOBS)))
    .action(run);
}

async function run(job: JobName, options: OperationOptions): Promise<void> {
  const answer = await runOperation(jobs.run, { job }, options);
  if (options.json) return printJson(answer);
  await print(`${job} was woken\n`);
}
