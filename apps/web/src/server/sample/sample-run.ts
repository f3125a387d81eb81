/**
 * "Replay the sample": runs the replay command of the CLI as a child of this process, one at a time, and
 * keeps what it last said for every open tab. The child is the very command a user would type, so the
 * console shows no path of its own through the system. It ends with the console.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseProgress, parseResult, type SampleProgress, type SampleResult } from './replay-output.ts';

/** Bounded, so that a click never fills a host: about 30 MB of the 3,000,000 recorded departures. */
export const SAMPLE_ROWS = 100_000;
/** Event time runs this many times faster; the first 100,000 departures then take about a minute. */
const SAMPLE_SPEED = 40_000;
/** After a polite request to stop, a child that hangs is ended. */
const KILL_AFTER_MS = 5_000;
const STDERR_LINES_KEPT = 20;

export type SampleStatus =
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'running';
      readonly startedAtMs: number;
      readonly rows: number;
      readonly progress: SampleProgress | null;
      readonly stopping: boolean;
    }
  | { readonly kind: 'done'; readonly endedAtMs: number; readonly result: SampleResult }
  | { readonly kind: 'stopped'; readonly endedAtMs: number; readonly progress: SampleProgress | null }
  | { readonly kind: 'failed'; readonly endedAtMs: number; readonly reason: string };

export interface SampleTarget {
  readonly edgeUrl: string;
  readonly token: string | undefined;
}

export class SampleRun {
  private readonly target: SampleTarget;
  private current: SampleStatus = { kind: 'idle' };
  private child: ChildProcess | undefined;

  constructor(target: SampleTarget) {
    this.target = target;
  }

  get status(): SampleStatus {
    return this.current;
  }

  /** `false` when one is running already */
  start(): boolean {
    if (this.current.kind === 'running') return false;
    const command = replayCommand();
    if (command === undefined || this.target.token === undefined) {
      const reason =
        command === undefined
          ? 'The replay command is not installed beside this console. Run it from a checkout: npm run foreshard -- replay --trace flights'
          : 'This console has no token for the edge. Set FORESHARD_TOKEN for it and start it again.';
      this.current = { kind: 'failed', endedAtMs: Date.now(), reason };
      return true;
    }
    this.current = {
      kind: 'running',
      startedAtMs: Date.now(),
      rows: SAMPLE_ROWS,
      progress: null,
      stopping: false,
    };
    this.run(command);
    return true;
  }

  stop(): void {
    if (this.current.kind !== 'running' || this.child === undefined) return;
    this.current = { ...this.current, stopping: true };
    const child = this.child;
    child.kill('SIGINT');
    setTimeout(() => child.exitCode === null && child.kill('SIGKILL'), KILL_AFTER_MS).unref();
  }

  /** At the end of this process: nothing of it may stay behind. */
  kill(): void {
    this.child?.kill('SIGKILL');
  }

  private run(command: ReplayCommand): void {
    const child = spawn(command.program, command.args, {
      cwd: command.cwd,
      env: { ...process.env, FORESHARD_EDGE_URL: this.target.edgeUrl, FORESHARD_TOKEN: this.target.token },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    let output = '';
    const complaints: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    createInterface({ input: child.stderr }).on('line', (line) => {
      const progress = parseProgress(line);
      if (progress !== undefined) this.progressed(progress);
      else if (line.trim() !== '')
        complaints.splice(0, complaints.length - STDERR_LINES_KEPT + 1) && complaints.push(line);
    });
    child.on('error', (error) => complaints.push(error.message));
    child.on('close', (code) => this.ended(code, output, complaints));
  }

  private progressed(progress: SampleProgress): void {
    if (this.current.kind === 'running') this.current = { ...this.current, progress };
  }

  private ended(code: number | null, output: string, complaints: readonly string[]): void {
    const endedAtMs = Date.now();
    const before = this.current;
    this.child = undefined;
    const result = parseResult(output);
    if (result !== undefined) this.current = { kind: 'done', endedAtMs, result };
    else if (before.kind === 'running' && before.stopping)
      this.current = { kind: 'stopped', endedAtMs, progress: before.progress };
    else {
      const last = complaints.at(-1) ?? `the replay ended with code ${code} and said nothing`;
      this.current = { kind: 'failed', endedAtMs, reason: last };
    }
  }
}

interface ReplayCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

/** The CLI of the checkout this console was built in; looked for upwards from where it was started. */
function replayCommand(): ReplayCommand | undefined {
  for (let dir = process.cwd(); ; dir = dirname(dir)) {
    const main = join(/* turbopackIgnore: true */ dir, 'apps', 'cli', 'src', 'main.ts');
    if (existsSync(main)) {
      const args = [
        'replay',
        '--trace',
        'flights',
        '--limit',
        String(SAMPLE_ROWS),
        '--speed',
        String(SAMPLE_SPEED),
      ];
      return { program: process.execPath, args: [main, ...args, '--json'], cwd: dir };
    }
    if (dir === dirname(dir)) return undefined;
  }
}
