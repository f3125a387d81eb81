/** foreshard down: ends what `up` started over the same data, also what a killed supervisor has left. */
import { endProcess } from '@foreshard/local';
import { CommandFailure } from '../failure.ts';
import { writeErr, writeOut } from '../output.ts';
import { endLeftovers, liveRun } from './run-record.ts';

/** edge, worker and console may each take half a minute to finish what they have begun, PostgreSQL too */
const END_WITHIN_MS = 150_000;

export async function down(dataDir: string): Promise<void> {
  const run = await liveRun(dataDir);
  if (run !== undefined) {
    writeErr(`foreshard: ending process ${run.supervisor.pid} and what it started\n`);
    if (!(await endProcess(run.supervisor, 'SIGTERM', END_WITHIN_MS)))
      throw new CommandFailure(
        `process ${run.supervisor.pid} has not ended after ${END_WITHIN_MS / 1000} s: end it with "kill -9 ${run.supervisor.pid}", then repeat this`,
      );
  }
  const left = await endLeftovers(dataDir);
  if (left.length > 0) writeErr(`foreshard: ended what was left over: ${left.join(', ')}\n`);
  const ended = run !== undefined || left.length > 0;
  writeOut(ended ? `Foreshard has ended; the data stay in ${dataDir}\n` : 'Foreshard is not running.\n');
}
