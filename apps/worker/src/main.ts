/** The worker process: reads its environment, starts, and ends on SIGTERM when its jobs have ended. */
import { within } from '@foreshard/core/adapters/deadline';
import { pino } from 'pino';
import { startWorker } from './composition.ts';
import { readSettings } from './process/settings.ts';

const reply = readSettings(process.env);
if (reply.kind === 'wrong') {
  process.stderr.write(`foreshard worker: ${reply.line}\n`);
  process.exit(2);
}
const { settings } = reply;
const log = pino({ name: 'worker', level: settings.logLevel });
if (settings.networksWarning !== undefined) log.warn(settings.networksWarning);

const worker = await startWorker(settings, log).catch((error: NodeJS.ErrnoException) => {
  const taken = error.code === 'EADDRINUSE';
  const cure = taken ? `port ${settings.port} is taken: set WORKER_PORT to a free one` : error.message;
  process.stderr.write(`foreshard worker: ${cure}\n`);
  process.exit(1);
});

/** Sooner than a supervisor loses its patience, and although what is waited for never answers. */
const END_WITHIN_MS = 25_000;

let ending = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => {
    if (ending) return;
    ending = true;
    log.info({ signal }, 'the worker ends');
    within(END_WITHIN_MS, worker.stop(), 'something did not end in time').then(
      () => process.exit(0),
      (error) => {
        log.error({ err: error }, 'the worker ends all the same');
        process.exit(1);
      },
    );
  });
