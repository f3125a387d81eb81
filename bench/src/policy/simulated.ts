/** Runs `foreshard simulate`: what is measured here is what anybody can repeat on a trace of their own. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Score } from '@foreshard/core/simulation';

export interface Row extends Score {
  readonly policy: string;
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
    return (await outputOf([...options, '--settings', file])) as Simulated;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export interface InOrder {
  readonly hash: number;
  readonly fastLane: number;
  readonly chance: number;
  readonly keysSplit: number;
}

export async function inOrder(options: readonly string[]): Promise<InOrder> {
  const { hash, fastLane, chance, keysSplit } = (await outputOf(options)) as InOrder;
  return { hash, fastLane, chance, keysSplit };
}

async function outputOf(options: readonly string[]): Promise<unknown> {
  const all = [COMMAND, 'simulate', ...options, '--json'];
  const child = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`simulate ${options.join(' ')} ended with ${code}`);
  return JSON.parse(text);
}
