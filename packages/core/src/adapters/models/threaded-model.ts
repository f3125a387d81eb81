/**
 * Runs an expensive model in a thread of its own with a time limit. Training and WASM block their thread and cannot be
 * asked to stop, so a model that overruns is ended with its thread, and the next call gets a new one.
 */
import { Worker } from 'node:worker_threads';
import {
  bridged,
  type Forecast,
  nonsense,
  type RemoteForecaster,
  type Series,
} from '../../forecast-models/index.ts';
import type { ModelReply, ModelTask } from './model-task.ts';

/** a model that needs more is broken: a year of hours with all its features is below 100 MB */
const HEAP_MB = 512;

export class ThreadedModel implements RemoteForecaster {
  readonly name: string;
  readonly cost = 'expensive';
  private readonly module: URL;
  private readonly periods: number;
  private thread: Worker | undefined;

  /** `periods`: of the shortest season, that the model needs at least. */
  constructor(name: string, module: URL, periods: number) {
    this.name = name;
    this.module = module;
    this.periods = periods;
  }

  shortest(series: Series): number {
    return this.periods * (series.seasons[0] ?? 4);
  }

  /** One call at a time. Rejects with the reason when there is no usable forecast within the limit. */
  async forecast(series: Series, horizon: number, limitMs: number): Promise<Forecast> {
    const reply = await this.ask(series, horizon, limitMs);
    if ('failed' in reply) throw new Error(`failed: ${reply.failed}`);
    const wrong = nonsense(reply.forecast, horizon);
    if (wrong !== undefined) throw new Error(wrong);
    return reply.forecast;
  }

  async close(): Promise<void> {
    const thread = this.thread;
    this.thread = undefined;
    await thread?.terminate();
  }

  private async ask(series: Series, horizon: number, limitMs: number): Promise<ModelReply> {
    this.thread ??= newThread();
    const reply = await replyWithin(this.thread, this.taskFor(series, horizon), limitMs);
    if (reply === 'late') {
      await this.close();
      return { failed: `took longer than its limit of ${limitMs} ms and was ended` };
    }
    if (reply === 'gone') this.thread = undefined;
    return reply === 'gone' ? { failed: 'its thread ended' } : reply;
  }

  private taskFor({ values, stepSeconds, seasons, firstMs }: Series, horizon: number): ModelTask {
    const known = bridged(values, seasons).slice();
    return { module: this.module.href, values: known, stepSeconds, seasons, firstMs, horizon };
  }
}

function newThread(): Worker {
  const thread = new Worker(new URL('./model-thread.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  // an idle model keeps no process alive
  thread.unref();
  return thread;
}

function replyWithin(
  thread: Worker,
  task: ModelTask,
  limitMs: number,
): Promise<ModelReply | 'late' | 'gone'> {
  return new Promise((resolve) => {
    const settle = (reply: ModelReply | 'late' | 'gone') => {
      clearTimeout(limit);
      // one by one: a worker thread whose listeners are all removed at once never hears a message again
      thread.off('message', settle).off('error', failed).off('exit', gone);
      resolve(reply);
    };
    const failed = (error: Error) => settle({ failed: error.message });
    const gone = () => settle('gone');
    const limit = setTimeout(settle, limitMs, 'late');
    thread.once('message', settle).once('error', failed).once('exit', gone);
    thread.postMessage(task);
  });
}
