/** The process that sends the load of a demo, as the worker drives it. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type {
  FillReport,
  LoadOrder,
  LoadReport,
  MeasureReport,
  MorningReport,
  SecondReport,
} from './load-protocol.ts';

const CHILD = fileURLToPath(new URL('load-child.ts', import.meta.url));

type End = MeasureReport | FillReport | MorningReport;

/** Answers its last report. @throws when it ends without that, or is ended by the signal */
export function sendLoad(
  order: LoadOrder,
  signal: AbortSignal,
  onSecond: (report: SecondReport) => void = () => {},
): Promise<End> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<End>();
  // it needs nothing of this environment, and the environment holds secrets
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, [CHILD], {
    env: {} as NodeJS.ProcessEnv,
  });
  const kill = () => child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  let end: End | undefined;
  let said = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    const report = JSON.parse(line) as LoadReport;
    if (report.kind === 'second') onSecond(report);
    else end = report;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-500)));
  child.on('error', reject);
  child.on('close', (code) => {
    signal.removeEventListener('abort', kill);
    if (signal.aborted) reject(signal.reason as Error);
    else if (end === undefined) reject(new Error(`the load ended with code ${code}: ${said.trim()}`));
    else resolve(end);
  });
  // its input stays open: it ends when this process does
  child.stdin.on('error', () => {}).write(`${JSON.stringify(order)}\n`);
  return promise;
}
