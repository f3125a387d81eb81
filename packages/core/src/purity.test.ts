/**
 * Pure folders get clock, random numbers and settings handed in; reading them from around would make equal
 * inputs give unequal results. Imports are the business of .dependency-cruiser.cjs.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const CORE = dirname(fileURLToPath(import.meta.url));
/** everything but the adapters, so that a new folder is pure unless it is one */
const PURE_FOLDERS = readdirSync(CORE, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'adapters')
  .map((entry) => entry.name);

const IMPURE: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\b/, 'the wall clock'],
  [/\bnew Date\(\s*\)/, 'the wall clock'],
  [/\bDate\(\s*\)/, 'the wall clock'],
  [/\bperformance\s*\./, 'the wall clock'],
  [/\bMath\.random\b/, 'random numbers of nobody'],
  [/\bcrypto\s*\./, 'random numbers of nobody'],
  [/\bprocess\s*\./, 'the process and its environment'],
  [/\bglobalThis\b/, 'globals'],
  [/\bfetch\(/, 'the network'],
  [/\bset(Timeout|Interval|Immediate)\(/, 'timers'],
  [/\bconsole\s*\./, 'output'],
  [/\bawait import\(/, 'modules that no rule sees'],
];

describe.each(PURE_FOLDERS)('the pure folder %s', (folder) => {
  it('reads nothing from around', () => {
    expect(sourcesOf(join(CORE, folder)).flatMap(findingsIn)).toEqual([]);
  });
});

it('recognises what is impure, also where it stands beside something harmless', () => {
  const source =
    'const now = Date.now();\n// Date.now() in a comment\nconst then = new Date(1);\nx(process.env.Y);';
  expect(impurities(source)).toEqual(['1: the wall clock', '4: the process and its environment']);
});

function findingsIn(file: string): string[] {
  return impurities(readFileSync(file, 'utf8')).map((finding) => `${file.slice(CORE.length + 1)}:${finding}`);
}

function impurities(source: string): string[] {
  return withoutComments(source)
    .split('\n')
    .flatMap((line, index) =>
      IMPURE.filter(([pattern]) => pattern.test(line)).map(([, what]) => `${index + 1}: ${what}`),
    );
}

/** Line numbers stay. */
function withoutComments(source: string): string {
  return source
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ''))
    .replace(/(?<=^|\s)\/\/.*$/gm, '');
}

/** What tests use may read the clock. */
function sourcesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .filter(
      (name) =>
        !/\.(test|contract-suite|fixture)\.ts$|(^|\/)(contract|testing)\/|(^|\/)test-[^/]+\.ts$/.test(name),
    )
    .map((name) => join(folder, name));
}
