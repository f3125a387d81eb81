/** The page Audit in a browser: orders with what was before, filters that stand in the address, the export, and the chain. */
import { readFile } from 'node:fs/promises';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openBrowser, visit } from '../browser.ts';
import { ADMINISTRATOR, fetchSignedIn } from '../signing-in.ts';

const consoleUrl = inject('consoleUrl').replace(/\/$/, '');
/** A worker verifies what is new each minute. */
const VERIFIED_WITHIN_MS = 90_000;
const NO_MIGRATION = 999_999;

let browser: BrowserContext;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  browser = await openBrowser();
  for (const concurrencyMax of [5, 6]) await order('migrations.limit', { concurrencyMax }, 200);
  await order('migrations.pause', { migration: NO_MIGRATION, reason: '=1+1 for a test' }, 404);
  // has the same text, and another outcome
  await order(
    'tokens.create',
    { name: 'audit for a test', scopes: ['cluster:read'], lifetimeSeconds: 60 },
    200,
  );
  ({ page, complaints } = await visit(browser, `${consoleUrl}/audit`));
});
afterAll(() => browser?.close());

async function order(operation: string, input: object, expected: number): Promise<void> {
  const { status } = await fetchSignedIn(`${consoleUrl}/api/trpc/operations.${operation}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: consoleUrl },
    body: JSON.stringify(input),
  });
  expect([operation, status]).toEqual([operation, expected]);
}

const rows = () => page.getByRole('region', { name: 'Audit records' }).locator('tbody tr');
const search = () => page.getByRole('button', { name: 'Search', exact: true }).click();

describe('the page Audit', () => {
  it('is filtered by operation, and the filter stands in the address', async () => {
    await page.getByLabel('Operation').fill('migrations.limit');
    await search();
    await page.waitForURL(/operation=migrations\.limit/);
    await expect.poll(() => rows().count()).toBeGreaterThan(1);
    await expect
      .poll(async () => (await rows().allInnerTexts()).every((row) => row.includes('migrations.limit')))
      .toBe(true);
    expect((await rows().allInnerTexts())[0]).toContain(ADMINISTRATOR.email);
  });

  it('shows of an order what was before and what is now', async () => {
    await rows().first().getByRole('button', { name: 'migrations.limit' }).click();
    const change = page.getByRole('dialog').locator('tr', { hasText: 'concurrencyMax' });
    await change.waitFor();
    expect(await change.locator('td').allInnerTexts()).toEqual(['5', '6']);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  it('is filtered by outcome as well, says when nothing fits, and gives all filters back', async () => {
    await page.goto(`${consoleUrl}/audit?outcome=failed&text=for+a+test`);
    await expect.poll(() => rows().count()).toBe(1);
    expect(await rows().first().textContent()).toContain('unknown_migration');
    await page.getByLabel('Actor').fill('nobody@example.org');
    await search();
    await page.getByText('No record fits').waitFor();
    await page.getByRole('button', { name: 'Remove all filters' }).click();
    await expect.poll(() => rows().count()).toBeGreaterThan(1);
    expect(new URL(page.url()).search).toBe('');
  });

  it('hands out what fits, and no formula in the CSV', async () => {
    await page.goto(`${consoleUrl}/audit?operation=migrations.pause&back=all`);
    await expect.poll(() => rows().count()).toBeGreaterThan(0);
    const files = new Map<string, string>();
    for (const format of ['NDJSON', 'CSV']) {
      await page.getByRole('button', { name: /Export|Take away/ }).click();
      const download = page.waitForEvent('download');
      await page.getByRole('menuitem', { name: `All matches as ${format}` }).click();
      files.set(format, await readFile(await (await download).path(), 'utf8'));
    }
    const records = files
      .get('NDJSON')!
      .split('\n')
      .flatMap((line) => (line === '' ? [] : (JSON.parse(line) as { operation: string })));
    expect(records.length).toBeGreaterThan(0);
    expect(records.every(({ operation }) => operation === 'migrations.pause')).toBe(true);
    expect(files.get('CSV')).toContain(",'=1+1 for a test,");
  });

  it('says up to which seal the chain holds, and complains of nothing', async () => {
    const badge = page.getByRole('button', { name: /verif/i });
    await expect
      .poll(() => badge.textContent(), { timeout: VERIFIED_WITHIN_MS })
      .toMatch(/^\s*Verified up to [\d,]+$/);
    expect(complaints).toEqual([]);
  });
});
