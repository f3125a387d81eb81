import { expect, test } from 'vitest';
import { ERRORS } from './errors.ts';

function page(): string {
  const rows = Object.entries(ERRORS)
    .sort(([a, x], [b, y]) => x.status - y.status || a.localeCompare(b))
    .map(([code, e]) => `| \`${code}\` | ${e.status} | ${e.title} | ${e.cure} |`);
  return [
    '# Errors',
    '',
    'Every error is a problem document (RFC 9457) whose `code` is one of these. This page is made from',
    '`packages/core/src/kernel/errors.ts` by its test (`npx vitest run packages/core/src/kernel -u`).',
    '',
    '| code | HTTP status | what it means | what to do |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

test('docs/errors.md tells the table as it is', async () => {
  await expect(page()).toMatchFileSnapshot('../../../../docs/errors.md');
});

test('every error names a cure and an HTTP error status', () => {
  for (const [code, error] of Object.entries(ERRORS)) {
    expect(code).toMatch(/^[a-z_]+$/);
    expect(error.status).toBeGreaterThanOrEqual(400);
    expect(error.cure).toMatch(/\.$/);
  }
});
