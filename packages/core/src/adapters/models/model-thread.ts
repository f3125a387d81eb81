/** The thread expensive models run in: what hangs or eats memory here is ended from outside without a trace. */
import { parentPort } from 'node:worker_threads';
import type { ForecastFunction, ModelReply, ModelTask } from './model-task.ts';

parentPort!.on('message', async (task: ModelTask) => {
  parentPort!.postMessage(await run(task));
});

async function run(task: ModelTask): Promise<ModelReply> {
  try {
    const { forecast } = (await import(task.module)) as { forecast: ForecastFunction };
    return { forecast: await forecast(task) };
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}
