/** People come and go: an invitation, what a viewer may not do, a change of roles in an open session, and the end of it. */
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openBrowser, visit } from '../browser.ts';
import { fetchSignedIn } from '../signing-in.ts';

const consoleUrl = inject('consoleUrl').replace(/\/$/, '');
const EMAIL = 'vic@e2e.example';
const PASSWORD = 'nine quiet otters at noon';
/** that a change of roles holds within */
const HOLDS_WITHIN_MS = 5_000;
/** and is seen on a page that asks every 5 s */
const SEEN_WITHIN_MS = 12_000;

let administrator: BrowserContext;
let other: BrowserContext;
let viewer: Page;
beforeAll(async () => {
  [administrator, other] = await Promise.all([openBrowser(), openBrowser()]);
});
afterAll(() => Promise.all([administrator?.close(), other?.close()]));

async function change(members: object): Promise<void> {
  const { status } = await fetchSignedIn(`${consoleUrl}/api/trpc/operations.users.change`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: consoleUrl },
    body: JSON.stringify({ user: EMAIL, ...members }),
  });
  expect(status).toBe(200);
}

/** The code of the answer to an order that changes nothing. */
async function statusOfOrder(): Promise<number> {
  return viewer.evaluate(async () => {
    const { status } = await fetch('/api/trpc/operations.migrations.pause', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ migration: 999_999 }),
    });
    return status;
  });
}

const FORBIDDEN = 403;
const UNAUTHORIZED = 401;
const NOT_FOUND = 404;

describe('a person', () => {
  it('is invited by a link, which is shown once and makes an account', async () => {
    const { page } = await visit(administrator, `${consoleUrl}/users`);
    await page.getByRole('button', { name: 'Invite' }).click();
    await page.getByLabel('E-mail').fill(EMAIL);
    await page.getByRole('button', { name: 'Make the link' }).click();
    const link = (await page.getByText(/\/welcome#/).textContent())!;
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('region', { name: 'Open invitations' }).getByText(EMAIL).waitFor();
    await page.close();
    viewer = await other.newPage();
    await viewer.goto(link);
    await viewer.getByLabel('Name').fill('Vic');
    await viewer.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await viewer.getByLabel('Password again').fill(PASSWORD);
    await viewer.locator('form button[type=submit]').click();
    await viewer.waitForURL(`${consoleUrl}/`);
  });

  it('who is a viewer reads on the button which role it needs, also by keyboard, and is refused', async () => {
    await viewer.goto(`${consoleUrl}/migrations`);
    const pause = viewer.getByRole('button', { name: 'Pause all' });
    await expect.poll(() => pause.getAttribute('aria-disabled'), { timeout: SEEN_WITHIN_MS }).toBe('true');
    await pause.focus();
    await viewer.getByRole('tooltip').getByText('Needs the role operator').waitFor();
    await pause.press('Enter');
    expect(await viewer.getByRole('button', { name: 'Resume all' }).count()).toBe(0);
    expect(await statusOfOrder()).toBe(FORBIDDEN);
  });

  it('who is a viewer has no pages about access but the own account', async () => {
    expect(await viewer.getByRole('link', { name: 'Users & roles' }).count()).toBe(0);
    await viewer.goto(`${consoleUrl}/users`);
    await viewer.getByText(/Needs the role administrator/).waitFor();
    await viewer.getByRole('link', { name: 'Account' }).first().click();
    await viewer.getByRole('heading', { name: 'Vic' }).waitFor();
    await viewer.goto(`${consoleUrl}/migrations`);
  });

  it('gets another role while signed in, which holds within 5 s', async () => {
    await change({ roles: [{ role: 'operator' }] });
    await expect.poll(statusOfOrder, { timeout: HOLDS_WITHIN_MS }).toBe(NOT_FOUND);
    const pause = viewer.getByRole('button', { name: 'Pause all' });
    await expect.poll(() => pause.getAttribute('aria-disabled'), { timeout: SEEN_WITHIN_MS }).toBeNull();
  });

  it('who is disabled is out within 5 s', async () => {
    await change({ state: 'disabled' });
    await expect.poll(statusOfOrder, { timeout: HOLDS_WITHIN_MS }).toBe(UNAUTHORIZED);
  });
});
