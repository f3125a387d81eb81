/** JSON documents that people write: what does not fit is named with its path. */
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { badInput } from '../failure.ts';

const ISSUES_SHOWN = 10;

/** The file as what the schema says, or an error that names the place in it. */
export function readAs<S extends z.ZodType>(file: string, schema: S): z.output<S> {
  const parsed = schema.safeParse(jsonOf(file));
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const lines = issues.slice(0, ISSUES_SHOWN).map(({ path, message }) => `  ${pathOf(path)}: ${message}`);
  if (issues.length > ISSUES_SHOWN) lines.push(`  and ${issues.length - ISSUES_SHOWN} more`);
  throw badInput(`${file} is not as it should be:\n${lines.join('\n')}`);
}

function jsonOf(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (cause) {
    throw badInput(`${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw badInput(`${file} is no JSON: ${(cause as Error).message}`, { cause });
  }
}

function pathOf(path: readonly PropertyKey[]): string {
  return (
    path
      .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i > 0 ? '.' : ''}${String(part)}`))
      .join('') || 'document'
  );
}
