import { expect, test } from 'vitest';
import { renamed } from './old-names.ts';

function called(...words: string[]): { words: string[]; notices: string[] } {
  const notices: string[] = [];
  const [, , ...rest] = renamed(['node', 'main.ts', ...words], (line) => notices.push(line));
  return { words: rest, notices };
}

test.each([[['migrate', '12', '13', '--to', '2', '--wait']], [['migrate', '--to=2', '12']]])(
  '%j moves shardlets and says the new name',
  (words) => {
    expect(called(...words)).toEqual({
      words: ['move', ...words.slice(1)],
      notices: [expect.stringContaining('"move SHARDLET... --to HOST"')],
    });
  },
);

test.each([
  [['migrate']],
  [['migrate', '--check']],
  [['migrate', '12']],
  [['move', '12', '--to', '2']],
  [[]],
])('%j stays', (words) => {
  expect(called(...words)).toEqual({ words, notices: [] });
});
