/**
 * "Replay the sample": runs the replay command of the CLI as a child of this process, one at a time, and
 * keeps what it last said for every open tab. The child is the very command a user would type, so the
 * console has no path of its own through the system. It ends with the console. Each run comes with a token of its own, for
 * the stream of the sample alone, which is revoked at its end.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type ReplayCommand, SAMPLE_ROWS } from './replay-command.ts';
import {
  isStatusLine,
  parseProgress,
  parseResult,
  type SampleProgress,
  type SampleResult,
} from './replay-output.ts';

/** After a polite request to stop, a child that hangs is ended. */
const KILL_AFTER_MS = 5_000;

export type SampleStatus =
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'running';
      readonly startedAtMs: number;
      readonly rows: number;
      /** null until the recording is unpacked and the first events are acknowledged */
      readonly progress: SampleProgress | null;
      readonly stopping: boolean;
    }
  | { readonly kind: 'done'; readonly endedAtMs: number; readonly result: SampleResult }
  | { readonly kind: 'stopped'; readonly endedAtMs: number; readonly said: string }
  | { readonly kind: 'failed'; readonly endedAtMs: number; readonly reason: string };

/** Of one run; the owner is who started it. */
export interface SampleTokens {
  make(): Promise<{ readonly id: string; readonly plaintext: string }>;
  revoke(id: string): Promise<unknown>;
}

type FindCommand = (goOn: boolean) => ReplayCommand | undefined;

const NOT_INSTALLED =
  'The replay command is not beside this console. Run it from a checkout: npm run foreshard -- replay --trace flights --speed max';

export class SampleRun {
  private readonly edgeUrl: string;
  private readonly findCommand: FindCommand;
  private current: SampleStatus = { kind: 'idle' };
  private child: ChildProcess | undefined;

  constructor(edgeUrl: string, findCommand: FindCommand) {
    this.edgeUrl = edgeUrl;
    this.findCommand = findCommand;
  }

  get status(): SampleStatus {
    return this.current;
  }

  /** `false` when one is running already. After a stopped replay it goes on where that one was. */
  async start(tokens: SampleTokens): Promise<boolean> {
    if (this.current.kind === 'running') return false;
    const command = this.findCommand(this.current.kind === 'stopped');
    if (command === undefined) this.fail(NOT_INSTALLED);
    else await this.launch(command, tokens);
    return true;
  }

  stop(): void {
    const child = this.child;
    if (this.current.kind !== 'running' || child === undefined) return;
    this.current = { ...this.current, stopping: true };
    child.kill('SIGINT');
    setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS).unref();
  }

  /** At the end of this process: nothing of it may stay behind. */
  kill(): void {
    this.child?.kill('SIGKILL');
  }

  private async launch(command: ReplayCommand, tokens: SampleTokens): Promise<void> {
    // whoever starts it meanwhile is told that it runs
    const startedAtMs = Date.now();
    this.current = { kind: 'running', startedAtMs, rows: SAMPLE_ROWS, progress: null, stopping: false };
    try {
      const { id, plaintext } = await tokens.make();
      this.run(command, plaintext, () => tokens.revoke(id));
    } catch (error) {
      this.fail(`The replay got no token: ${(error as Error).message}`);
    }
  }

  private run(
    { program, args, cwd, dataDir }: ReplayCommand,
    token: string,
    revoke: () => Promise<unknown>,
  ): void {
    const access = {
      FORESHARD_EDGE_URL: this.edgeUrl,
      FORESHARD_TOKEN: token,
      FORESHARD_DATA_DIR: dataDir,
    };
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...access },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    let output = '';
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    createInterface({ input: child.stderr }).on('line', (line) => {
      const progress = parseProgress(line);
      if (progress !== undefined) this.progressed(progress);
      else if (isStatusLine(line)) said = line.trim();
    });
    child.on('error', (error) => (said = error.message));
    child.on('close', (code) => {
      // where that fails it expires by itself
      revoke().catch((error: Error) =>
        process.stderr.write(`console: the token of the sample was not revoked: ${error.message}\n`),
      );
      this.ended(output, said || `the replay ended with code ${code} and said nothing`);
    });
  }

  private progressed(progress: SampleProgress): void {
    if (this.current.kind === 'running') this.current = { ...this.current, progress };
  }

  private ended(output: string, said: string): void {
    this.child = undefined;
    const result = parseResult(output);
    if (result !== undefined) this.current = { kind: 'done', endedAtMs: Date.now(), result };
    else if (this.current.kind === 'running' && this.current.stopping)
      this.current = { kind: 'stopped', endedAtMs: Date.now(), said };
    else this.fail(said);
  }

  private fail(reason: string): void {
    this.current = { kind: 'failed', endedAtMs: Date.now(), reason };
  }
}
