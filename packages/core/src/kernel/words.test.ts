/** Words that the product does not use: the field has others (docs/glossary.md). */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../../..');
const FOLDERS = ['apps', 'packages', 'docs', 'bench/src', 'e2e/src', 'README.md', 'CONTRIBUTING.md'];
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
  [/core\/(src\/)?(forecasting|predicting)\b/, 'forecast-models or forecast-service'],
] as const;

/** What is stored keeps its name, and so does what the compiler of C reads. */
const STORED = /\b(beginReadmission|noticeTold|notice_told|FAST_CLOCK_BEGIN_MS)\b/g;

/** Names of code; in sentences the words may be right. */
const OLD_NAMES = [
  [
    /\b(un)?(tell|told)[A-Z]|[a-z](Tell|Tells|Told)(\b|[A-Z])|\b(UN)?TOLD\b|(\b|_)(TELL|TOLD)_/,
    'notify, report or record',
  ],
  [
    /\b(const|let|function|class|interface|type|async|private|readonly) (tell|told|Told)\b/,
    'notify, report or record',
  ],
  [/\b(begin|begins|begun)[A-Z]|[a-z](Begin|Begins|Began|Begun)(\b|[A-Z])|(\b|_)BEGINS?_/, 'start'],
  [/\b(const|let|function\*?|class|interface|type|async|private|readonly) (begins?|begun|Begun)\b/, 'start'],
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

test.each([...OLD_WORDS, ...OLD_NAMES])('%s is not said any more', (word, instead) => {
  const found = FOLDERS.flatMap((folder) => [...filesBelow(join(ROOT, folder))]).flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line, i) =>
        word.test(line.replace(STORED, '')) ? [`${file}:${i + 1} ${line.trim()} (say ${instead})`] : [],
      ),
  );
  expect(found).toEqual([]);
});
