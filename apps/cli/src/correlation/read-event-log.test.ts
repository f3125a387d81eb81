import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runForeshard } from '../program.ts';
import { readEventLog } from './read-event-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'foreshard-event-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

function read(text: string, features: readonly string[] = []) {
  const input = join(folder, 'log.csv');
  writeFileSync(input, text);
  return readEventLog({ input, key: 'case', activity: 'what', time: 'at', features });
}

async function order(text: string): Promise<string[]> {
  return [...(await read(text)).inOrder()].map(({ type }) => type);
}

describe('a log is read', () => {
  it('in the order of its times, and of the file where these are equal', async () => {
    const rows = [
      '1,late,2026-01-03',
      '2,b,2026-01-02',
      '1,a,2026-01-02',
      '2,early,2026-01-01',
      '3,c,2026-01-02',
    ];
    expect(await order(`case,what,at\n${rows.join('\n')}\n`)).toEqual(['early', 'b', 'a', 'c', 'late']);
  });

  it('with its features, and with what is odd about it', async () => {
    const log = await read('at;case;what;who\n2026-01-02;1;a;x\n2026-01-01;2;b;\n2026-01-03;;c;y\n', ['who']);
    expect([...log.inOrder()]).toEqual([
      { key: '2', type: 'b', timeMs: Date.UTC(2026, 0, 1), attributes: [''] },
      { key: '1', type: 'a', timeMs: Date.UTC(2026, 0, 2), attributes: ['x'] },
    ]);
    expect(log.cases).toBe(2);
    expect(log.notes).toEqual([
      '1 row without a case or an activity: left out',
      'the times are not in order in 1 place: sorted',
    ]);
  });

  it.each([
    ['case,what,at\n1,a,yesterday\n', [], 'line 2: "yesterday" is not a time'],
    ['case,what,at\n', [], 'has no events'],
    ['', [], 'is empty'],
    ['case,activity,at\n1,a,0\n', [], 'no column "what"; it has case, activity, at'],
    ['case,what,at\n1,a,0\n', ['what'], 'which is predicted'],
  ])('not: %j', async (text, features, reason) => {
    await expect(read(text, features)).rejects.toThrow(reason);
  });
});

describe('foreshard correlate', () => {
  const rows = Array.from(
    { length: 60 },
    (_, i) => `${i % 7},${['open', 'pay', 'close'][Math.floor(i / 7) % 3]},${i}`,
  );

  async function run(...args: string[]): Promise<{ code: number; out: string }> {
    const input = join(folder, 'run.csv');
    writeFileSync(input, `case,what,at\n${rows.join('\n')}\n`);
    const write = process.stdout.write;
    let out = '';
    process.stdout.write = ((text: string, done?: (error?: Error) => void) => {
      out += text;
      done?.();
      return true;
    }) as typeof write;
    try {
      const columns = ['--input', input, '--case', 'case', '--activity', 'what', '--time', 'at'];
      return { code: await runForeshard(['node', 'foreshard', 'correlate', ...columns, ...args]), out };
    } finally {
      process.stdout.write = write;
    }
  }

  it('prints one JSON document with hits, baselines, log loss, reliability and the matrix', async () => {
    const { code, out } = await run('--json');
    const document = JSON.parse(out);
    expect(code).toBe(0);
    expect(Object.keys(document)).toEqual([
      ...['events', 'cases', 'hits', 'baselines', 'logLoss', 'reliability', 'features', 'matrix'],
    ]);
    expect([document.events, document.cases, Object.keys(document.hits)]).toEqual([60, 7, ['1', '3', '5']]);
    expect(Object.keys(document.baselines)).toEqual([
      'mostFrequent',
      'markov1',
      'markov2',
      'markov3',
      'markov4',
    ]);
    expect(document.hits['1']).toBeGreaterThan(0.6);
    expect(document.matrix[0]).toHaveProperty('lagMs.p50');
  });

  it('shows the same to a person', async () => {
    const { code, out } = await run();
    expect(code).toBe(0);
    expect(out).toContain('60 events of 7 cases');
    expect(out).toMatch(/Markov, order 2 +0\.\d{4}/);
    expect(out).toContain('(too few)');
  });

  it('refuses features that cannot be', async () => {
    expect((await run('--features', 'at,at', '--json')).code).toBe(2);
    expect((await run('--features', 'at,', '--json')).code).toBe(2);
    expect((await run('--features', '1,2,3,4,5,6,7,8,9', '--json')).code).toBe(2);
  });
});
