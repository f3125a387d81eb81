/** The form of the policy in the browser: found, changed in the units of people, saved, and not lost. */
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest';
import { openBrowser, visit } from '../browser.ts';
import { foreshardBeside } from '../product.ts';
import { violations } from './look.ts';
import { takePictures } from './pictures.ts';

const consoleUrl = inject('consoleUrl').replace(/\/$/, '');
const PHONE = { width: 390, height: 800 };

let browser: BrowserContext;
beforeAll(async () => {
  browser = await openBrowser();
});
afterEach(async () => {
  for (const page of browser.pages()) await page.close();
});
afterAll(async () => {
  await browser?.close();
  await foreshard('policy', 'rollback', '0');
});

async function foreshard(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await foreshardBeside(inject('dataDir'), ...args);
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

const saved = async () => JSON.parse(await foreshard('policy', 'show'));
const field = (page: Page, name: string) => page.getByLabel(name, { exact: true });
const saving = (page: Page, changes: string) => page.getByRole('button', { name: `Save ${changes}` });

it('is searched, changed with the keyboard alone, and a setting goes back to its default', async () => {
  const { page } = await visit(browser, `${consoleUrl}/policies`);
  expect(await field(page, 'bytes').inputValue()).toBe('32');
  expect(await field(page, 'Unit of bytes').inputValue()).toBe('TiB');

  await page.getByLabel('Search settings').focus();
  await page.keyboard.type('settle time');
  await field(page, 'bytes').waitFor({ state: 'detached' });
  for (let steps = 0; steps < 10 && !(await isFocused(field(page, 'settle time'))); steps++)
    await page.keyboard.press('Tab');
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('90 min');
  await page.keyboard.press('Tab');
  // the unit was taken over
  expect(await field(page, 'settle time').inputValue()).toBe('90');
  expect(await field(page, 'Unit of settle time').inputValue()).toBe('min');
  await field(page, 'settle time').focus();
  await page.keyboard.press('Enter');
  await page.getByText(/is active$/).waitFor();
  expect((await saved()).rest.settle_time).toBe(90);

  await page.getByLabel('Search settings').fill('');
  await page.getByText('Changed from default', { exact: true }).click();
  await field(page, 'bytes').waitFor({ state: 'detached' });
  await field(page, 'settle time').waitFor();
  await page.getByRole('button', { name: 'Reset settle time to its default, 2 h' }).click();
  await page.getByText('Not saved', { exact: true }).click();
  await page.getByText('Saved: 90 min').waitFor();
  await saving(page, '1 change').click();
  await page.getByText('Every change is saved.').waitFor();
  expect((await saved()).rest?.settle_time ?? 120).toBe(120);
});

it('has windows on weekdays in a time zone', async () => {
  const { page } = await visit(browser, `${consoleUrl}/policies`);
  await page.getByRole('button', { name: 'Add a window' }).click();
  const windows = page.getByRole('region', { name: 'Migration windows' });
  await windows.getByLabel('Time zone').selectOption('Europe/Berlin');
  for (const day of ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'])
    await windows.getByRole('checkbox', { name: day }).uncheck();
  await windows.getByRole('checkbox', { name: 'Sunday' }).uncheck();
  await windows.getByText('Choose at least one weekday').waitFor();
  // nothing is sent while something is wrong
  await saving(page, '1 change').click();
  await page.getByText('1 setting to correct').waitFor();
  await windows.getByRole('checkbox', { name: 'Sunday' }).check();
  await windows.getByText(/^Next/).waitFor();
  expect(await violations(page, { theme: 'light' })).toEqual([]);
  await takePictures(page, 'policy', 'window', false);
  await page.setViewportSize({ width: 1_280, height: 720 });
  await saving(page, '1 change').click();
  await page.getByText(/is active$/).waitFor();
  const { migration_window } = await saved();
  expect(migration_window).toEqual([{ from: '03:00', to: '05:00', zone: 'Europe/Berlin', days: ['sun'] }]);
  await windows.getByRole('button', { name: /^Remove the window/ }).click();
  await saving(page, '1 change').click();
  await windows.getByText('No windows').waitFor();
});

it('warns before what is not saved is lost: links, keys, and closing the tab', async () => {
  const { page } = await visit(browser, `${consoleUrl}/policies`);
  await field(page, 'settle time').fill('3');
  const warning = page.getByRole('dialog', { name: 'Leave without saving?' });
  await page.getByRole('link', { name: 'Jobs', exact: true }).click();
  await warning.getByText('1 change of the policy would be lost').waitFor();
  await page.keyboard.press('Escape');
  await warning.waitFor({ state: 'detached' });
  expect(await field(page, 'settle time').inputValue()).toBe('3');

  await page.locator('#content').focus();
  await page.keyboard.press('g');
  await page.keyboard.press('j');
  await warning.getByRole('button', { name: 'Stay on this page' }).click();

  const asked = page.waitForEvent('dialog');
  void page.close({ runBeforeUnload: true });
  await (await asked).dismiss();

  // what is simulated is kept for the way back
  await page.getByRole('link', { name: 'Simulate it now' }).click();
  await page.waitForURL(/what-if/);
  await page.goBack();
  await saving(page, '1 change').waitFor();
  expect(await field(page, 'settle time').inputValue()).toBe('3');

  await page.getByRole('link', { name: 'Jobs', exact: true }).click();
  await warning.getByRole('button', { name: 'Leave without saving' }).click();
  await page.waitForURL(/jobs/);
});

it('that two people edit at once shows both, and each setting goes to whom the second chooses', async () => {
  const { page } = await visit(browser, `${consoleUrl}/policies`);
  await field(page, 'settle time').fill('3');
  await field(page, 'churn penalty').fill('0.007');
  await foreshard('policy', 'change', 'rest.settle_time=60', 'rest.churn_penalty=0.009');
  await saving(page, '2 changes').click();
  const newer = page.getByRole('region', { name: /saved version \d+ meanwhile/ });
  await newer.getByText('Theirs: 2 h → 1 h').waitFor();
  await newer.getByText('Mine: 3 h').waitFor();
  const choice = newer.getByLabel('Which value of rest.settle_time');
  await choice.getByText('Theirs', { exact: true }).click();
  expect(await violations(page, { theme: 'light' })).toEqual([]);
  await takePictures(page, 'policy', 'two-people', false);
  await newer.getByRole('button', { name: /^Put my changes/ }).click();
  await saving(page, '1 change').click();
  await page.getByText(/is active$/).waitFor();
  expect((await saved()).rest).toMatchObject({ settle_time: 60, churn_penalty: 0.007 });
});

it('has a bar on a phone that never covers what has the focus', async () => {
  const { page } = await visit(browser, `${consoleUrl}/policies`, { theme: 'light', width: PHONE.width });
  await page.setViewportSize(PHONE);
  await field(page, 'settle time').fill('3');
  const bar = page.getByRole('region', { name: 'Unsaved changes' });
  await bar.waitFor();
  expect((await bar.boundingBox())!.height).toBeLessThan(PHONE.height / 4);
  // what comes late moves what is below it
  await page.getByText('A host is hot').waitFor();
  await page.getByLabel('Search settings').focus();
  const covered: string[] = [];
  for (let steps = 0; steps < 60; steps++) {
    await page.keyboard.press('Tab');
    const found = await page.evaluate(() => {
      const focused = document.activeElement!;
      const bar = document.querySelector('[aria-label="Unsaved changes"]')!;
      const isBelow = focused.getBoundingClientRect().bottom > bar.getBoundingClientRect().top;
      return isBelow && !bar.contains(focused) ? focused.outerHTML.slice(0, 120) : '';
    });
    if (found !== '') covered.push(found);
  }
  expect(covered).toEqual([]);
  await bar.getByRole('button', { name: 'Note and time' }).click();
  await page.getByLabel('Why').fill('on the way');
  expect(await violations(page, { theme: 'light' })).toEqual([]);
  await saving(page, '1 change').click();
  await page.getByText(/is active$/).waitFor();
});

function isFocused(place: ReturnType<Page['getByLabel']>): Promise<boolean> {
  return place.evaluate((element) => element === document.activeElement);
}
