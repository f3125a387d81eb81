/** A plan in the browser: its picture, a part of it approved with the keyboard, the rest with the mouse, and undone. */
import type { BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { openBrowser, visit } from '../browser.ts';
import { foreshardBeside } from '../product.ts';
import { violations } from './look.ts';
import { takePictures } from './pictures.ts';

const consoleUrl = inject('consoleUrl').replace(/\/$/, '');
/** the smallest there is: any shardlet that took some events is full, and should be rolled */
const TINY = 1_000;
const EVENTS = 80;

interface Plan {
  readonly id: number;
  readonly state: string;
  readonly counts: { readonly open: number; readonly done: number; readonly parts: number };
  readonly parts: readonly { readonly recommendation: { readonly note: string; readonly state: string } }[];
}

let browser: BrowserContext;
beforeAll(async () => {
  browser = await openBrowser();
  await store();
  await foreshard('policy', 'change', 'mode=ask', `shardlet.shardlet_size=${TINY}`, 'shardlet.cooldown=0');
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

async function store(): Promise<void> {
  const body = Array.from({ length: EVENTS }, (_, i) =>
    JSON.stringify({
      ...{ specversion: '1.0', id: `plans-${i}`, source: '/e2e/plans', type: 'plans.full' },
      ...{ subject: `plans-${i % 3}`, data: 'x'.repeat(300) },
    }),
  ).join('\n');
  const answer = await fetch(`${inject('edgeUrl').replace(/\/$/, '')}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', authorization: `Bearer ${inject('token')}` },
    body,
  });
  expect(answer.status).toBe(200);
}

async function waiting(): Promise<Plan | undefined> {
  const { plans } = JSON.parse(await foreshard('plans', 'list', '--json')) as { plans: Plan[] };
  return plans.find(({ counts }) => counts.open > 1);
}

async function read(id: number): Promise<Plan> {
  return JSON.parse(await foreshard('plans', 'show', String(id), '--json'));
}

/** What is refused because something else has changed meanwhile is approved once it is simulated anew. */
async function untilOpen(id: number, open: number, press: () => Promise<void>): Promise<void> {
  const isThere = async () => (await read(id)).counts.open === open;
  await expect
    .poll(async () => (await isThere()) || press().then(isThere), { timeout: 90_000, interval: 3_000 })
    .toBe(true);
}

it('waits on the overview as one plan, however many parts it has, and is opened from there', async () => {
  await expect.poll(waiting, { timeout: 150_000 }).toBeDefined();
  const { id, counts } = (await waiting())!;
  const { page } = await visit(browser, consoleUrl);
  const list = page.getByRole('region', { name: 'Waiting for you' });
  await list.getByText(`Plan ${id}, ${counts.open} parts`).waitFor();
  const tile = page.locator('dl > div').filter({ hasText: 'Waiting for you' });
  expect(await tile.textContent()).toMatch(/Waiting for you\d+plans? to decide/);
  await list
    .getByRole('link', { name: /fresh shardlets/ })
    .first()
    .click();
  await page.waitForURL(/\/recommendations#plan-\d+$/);
});

it('is approved in part with the keyboard, then as a whole with the mouse, and undone as one', async () => {
  await expect.poll(waiting, { timeout: 150_000 }).toBeDefined();
  const { id, counts } = (await waiting())!;
  const { page } = await visit(browser, `${consoleUrl}/recommendations`);
  const card = page.getByRole('region').filter({ hasText: `plan ${id}, revision` });
  await card
    .getByRole('figure')
    .getByText(/without the plan/)
    .waitFor();
  await card.getByText('Write pause per move').waitFor();
  expect(await violations(page, { theme: 'light' })).toEqual([]);

  // all but the first are left out, each with one key
  for (const folded of await card.getByRole('button', { name: /^Show all/ }).all()) await folded.click();
  const boxes = card.getByRole('checkbox', { name: /^Choose: / });
  for (const box of (await boxes.all()).slice(1)) {
    await box.focus();
    await page.keyboard.press('Space');
  }
  const some = card.getByRole('button', { name: `Approve 1 of ${counts.open}` });
  await some.focus();
  await untilOpen(id, counts.open - 1, () => page.keyboard.press('Enter'));
  await expect.poll(async () => (await read(id)).counts.done, { timeout: 60_000 }).toBe(1);
  expect((await read(id)).counts).toMatchObject({ open: counts.open - 1 });

  for (const box of await boxes.all()) await box.check();
  await card.getByLabel('Note (required to withdraw)').fill('one note for all');
  const rest = card.getByRole('button', { name: /^Approve the other/ });
  await untilOpen(id, 0, () => rest.click({ timeout: 3_000 }).catch(() => {}));
  await expect.poll(async () => (await read(id)).counts.done, { timeout: 60_000 }).toBe(counts.open);

  const notes = (await read(id)).parts.map(({ recommendation: { note } }) => note);
  expect(notes.filter((note) => note === 'one note for all')).toHaveLength(counts.open - 1);

  await card.getByRole('button', { name: 'Undo plan' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Undo plan' }).click();
  await card.getByText('undone', { exact: true }).waitFor();
  expect((await read(id)).state).toBe('undone');
});

it('stays to be found when it has ended: in the console, and on the command line', async () => {
  const undone = JSON.parse(await foreshard('plans', 'list', '--state', 'undone', '--json'));
  expect(undone.next).toBeNull();
  expect(undone.plans).toHaveLength(1);
  const { id } = undone.plans[0] as Plan;
  const { page } = await visit(browser, `${consoleUrl}/recommendations`);
  await page.getByText('Plan history', { exact: true }).click();
  const history = page.getByRole('region', { name: 'History of plans' });
  await history.getByLabel('State').selectOption('undone');
  const line = history.getByRole('listitem').filter({ hasText: new RegExp(`plan ${id}, `) });
  await line.waitFor();
  expect(page.url()).toContain('state=undone');
  await line.getByRole('button').first().click();
  await history.getByText(`plan ${id}, revision`).waitFor();
  expect(await violations(page, { theme: 'light' })).toEqual([]);
  await takePictures(page, 'plans', 'history', false);
  await history.getByLabel('State').selectOption('open');
  await history.getByText(`plan ${id}, revision`).waitFor({ state: 'detached' });
});
