/**
 * The worker's side of the model process. A model that says nothing for longer than its limit is cut off with its
 * process, and known by name; the next task gets a new process without it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { ModelLine, ModelTask } from './protocol.ts';

export class ModelHung extends Error {
  override readonly name = 'ModelHung';
  readonly model: string;

  constructor(model: string, limitMs: number) {
    super(`the model ${model} took longer than ${limitMs} ms and was cut off`);
    this.model = model;
  }
}

export class ModelProcessEnded extends Error {
  override readonly name = 'ModelProcessEnded';
}

export interface ModelProcessParts {
  readonly env: Readonly<Record<string, string>>;
  /** silence that is taken for hanging */
  readonly limitMs: number;
  readonly report: (line: string) => void;
}

interface Asked {
  resolve(result: object): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout | undefined;
  /** undefined until one was begun */
  model: string | undefined;
}

/** to start a process on a busy machine */
const START_MS = 60_000;

const PROGRAM = new URL('./main.ts', import.meta.url).pathname;

export class ModelProcess {
  private readonly parts: ModelProcessParts;
  private child: ChildProcess | undefined;
  private asked: Asked | undefined;

  constructor(parts: ModelProcessParts) {
    this.parts = parts;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** One task at a time. @throws ModelHung, ModelProcessEnded, Error with the reason */
  ask(task: ModelTask, signal: AbortSignal): Promise<object> {
    const child = (this.child ??= this.start());
    const end = () => this.kill(new ModelProcessEnded('the model process was stopped'));
    signal.addEventListener('abort', end, { once: true });
    return new Promise<object>((resolve, reject) => {
      this.asked = { resolve, reject, timer: undefined, model: undefined };
      this.expectNews();
      child.stdin!.write(`${JSON.stringify(task)}\n`);
    }).finally(() => {
      signal.removeEventListener('abort', end);
      clearTimeout(this.asked?.timer);
      this.asked = undefined;
    });
  }

  stop(): void {
    this.kill(new ModelProcessEnded('the worker ends'));
  }

  private start(): ChildProcess {
    const child = spawn(process.execPath, [PROGRAM], {
      env: { ...process.env, ...this.parts.env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    createInterface({ input: child.stdout! }).on('line', (line) => this.take(child, line));
    // a process that is gone is told by its end
    child.stdin!.on('error', () => {});
    child.once('error', (error) => this.ended(child, error.message));
    child.once('exit', (code, signal) => this.ended(child, signal ?? `code ${code}`));
    return child;
  }

  private take(child: ChildProcess, text: string): void {
    if (child !== this.child) return;
    const line = JSON.parse(text) as ModelLine;
    if (line.kind === 'model' && this.asked !== undefined) this.asked.model = line.name;
    this.expectNews();
    if (line.kind === 'log') this.parts.report(line.line);
    if (line.kind === 'done') this.asked?.resolve(line.result);
    if (line.kind === 'failed') this.asked?.reject(new Error(line.reason));
  }

  private expectNews(): void {
    const { asked } = this;
    if (asked === undefined) return;
    const { model } = asked;
    const limitMs = this.parts.limitMs + (model === undefined ? START_MS : 0);
    clearTimeout(asked.timer);
    asked.timer = setTimeout(
      () =>
        this.kill(
          model === undefined
            ? new ModelProcessEnded(`the model process said nothing for ${limitMs} ms`)
            : new ModelHung(model, limitMs),
        ),
      limitMs,
    );
  }

  private ended(child: ChildProcess, how: string): void {
    if (child !== this.child) return;
    this.child = undefined;
    this.asked?.reject(new ModelProcessEnded(`the model process ended (${how})`));
  }

  private kill(why: Error): void {
    const { child, asked } = this;
    this.child = undefined;
    child?.kill('SIGKILL');
    asked?.reject(why);
  }
}
