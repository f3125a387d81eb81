import { expect, it } from 'vitest';
import { Progress } from './progress.ts';

function recorded(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, write: (text: string) => written.push(text), text: () => written.join('') };
}

it('numbers the steps and shows how long each took', async () => {
  const output = recorded(false);
  const progress = new Progress(2, output);
  await progress.step('one', async (note) => note('a download'));
  await expect(progress.step('two', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(output.text()).toBe('[1/2] one ... 0 s\n[2/2] two ... failed after 0 s\n');
});

it('keeps to one line per step on a terminal, and shows there what is done just now', async () => {
  const output = recorded(true);
  await new Progress(1, output).step('one', async (note) => note('a download'));
  expect(output.text().split('\n')).toHaveLength(2);
  expect(output.text()).toContain('[1/1] one: a download ... 0 s');
});
