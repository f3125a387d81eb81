/** Runs `foreshard simulate`: what is measured here is what anybody can repeat on a trace of their own. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Row {
  readonly policy: string;
  readonly overloadMinutes: number;
  readonly excessShare: number;
  readonly p99Ms: number;
  readonly moves: number;
  readonly reversals: number;
  readonly megabytesMoved: number;
  readonly hostHours: number;
  readonly maxOverMean: number;
  readonly seconds: number;
}

export interface Play {
  readonly policy: string;
  readonly as?: string;
  readonly settings?: Readonly<Record<string, number>>;
  readonly keys?: Readonly<Record<string, number>>;
}

export interface Simulated {
  readonly trace: string;
  readonly minutes: number;
  readonly hosts: number;
  readonly results: readonly Row[];
}

const COMMAND = fileURLToPath(new URL('../../../apps/cli/src/main.ts', import.meta.url));

export async function simulated(options: readonly string[], plays: readonly Play[]): Promise<Simulated> {
  const folder = mkdtempSync(join(tmpdir(), 'policies-'));
  try {
    const file = join(folder, 'plays.json');
    writeFileSync(file, JSON.stringify(plays));
    const all = ['simulate', ...options, '--settings', file, '--json'];
    const child = spawn(process.execPath, [COMMAND, ...all], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`simulate ${options.join(' ')} ended with ${code}`);
    return JSON.parse(text) as Simulated;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
