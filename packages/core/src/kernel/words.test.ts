/** Words that the product does not use: the field has others (docs/glossary.md). */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../../..');
const FOLDERS = ['apps', 'packages', 'docs', 'bench/src', 'README.md', 'CONTRIBUTING.md'];
const LEFT_OUT =
  /node_modules|\.next|\/generated\/|\/docs\/decisions\/|\/docs\/architecture\/protocol\.md$|words\.test\.ts$/;
const READ = /\.(ts|tsx|md)$/;

/** word -> what is said instead */
const OLD_WORDS = [
  [/\bdear\b/i, 'expensive'],
  [/\b(in|at|from|by|that|what|which|asks?|of|to) T\b(?! ?[=<>[(,|:])/, 'the topology store'],
  [/\bT's\b/, "the topology store's"],
  [/\bwish(es|ed)?\b/i, 'request'],
  [/\b(Notification|Inquiry|Cluster|Move)(Desk|Office)\b/, 'service, client, operator or supervisor'],
] as const;

function* filesBelow(path: string): Generator<string> {
  if (READ.test(path)) return yield path;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inner = join(path, entry.name);
    if (LEFT_OUT.test(inner)) continue;
    if (entry.isDirectory()) yield* filesBelow(inner);
    else if (READ.test(entry.name)) yield inner;
  }
}

test.each(OLD_WORDS)('%s is not said any more', (word, instead) => {
  const found = FOLDERS.flatMap((folder) => [...filesBelow(join(ROOT, folder))]).flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line, i) => (word.test(line) ? [`${file}:${i + 1} ${line.trim()} (say ${instead})`] : [])),
  );
  expect(found).toEqual([]);
});
