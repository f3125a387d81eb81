/** The worker's side of the thread its models run in. A thread that ends takes its models with it; the next call starts another. */
import { Worker } from 'node:worker_threads';
import type { SliceReport } from '@foreshard/core/anticipating';
import type { EngineAnswer, EngineReply, EngineRequest } from './engine-protocol.ts';

const THREAD = new URL('./engine-thread.ts', import.meta.url);
/** The tables of models lie outside of it: what is left are names of keys and types. */
const HEAP_MB = 512;

interface Waiting {
  resolve(answer: EngineAnswer): void;
  reject(error: Error): void;
}

export class EngineHost {
  private readonly waiting = new Map<number, Waiting>();
  private thread: Worker | undefined;
  private nextId = 1;

  /** `isNew`: no state was given, or one that does not fit. */
  async open(request: Omit<Extract<EngineRequest, { kind: 'open' }>, 'kind'>): Promise<{ isNew: boolean }> {
    return (await this.ask({ kind: 'open', ...request })) as { isNew: boolean };
  }

  async learn(request: Omit<Extract<EngineRequest, { kind: 'learn' }>, 'kind'>): Promise<void> {
    await this.ask({ kind: 'learn', ...request });
  }

  /** As of all that was handed in before. */
  async save(slice: string): Promise<Uint8Array> {
    return (await this.ask({ kind: 'save', slice })) as Uint8Array;
  }

  async report(request: Omit<Extract<EngineRequest, { kind: 'report' }>, 'kind'>): Promise<SliceReport> {
    return (await this.ask({ kind: 'report', ...request })) as SliceReport;
  }

  async close(slice: string): Promise<void> {
    if (this.thread !== undefined) await this.ask({ kind: 'close', slice });
  }

  async stop(): Promise<void> {
    await this.thread?.terminate();
  }

  /** @throws Error when the thread ends before it has answered */
  private ask(request: EngineRequest): Promise<EngineAnswer> {
    this.thread ??= this.start();
    const id = this.nextId++;
    const answer = new Promise<EngineAnswer>((resolve, reject) => this.waiting.set(id, { resolve, reject }));
    this.thread.postMessage({ id, request });
    return answer;
  }

  private start(): Worker {
    const thread = new Worker(THREAD, { resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } });
    // models keep no process alive
    thread.unref();
    thread.on('message', (reply: EngineReply) => {
      const waiting = this.waiting.get(reply.id);
      this.waiting.delete(reply.id);
      if ('failed' in reply) waiting?.reject(new Error(reply.failed));
      else waiting?.resolve(reply.answer);
    });
    thread.on('error', (error) => this.ended(thread, error.message));
    thread.on('exit', () => this.ended(thread, 'it has ended'));
    return thread;
  }

  private ended(thread: Worker, how: string): void {
    if (thread !== this.thread) return;
    this.thread = undefined;
    const lost = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of lost) reject(new Error(`the thread of the models does not answer: ${how}`));
  }
}
