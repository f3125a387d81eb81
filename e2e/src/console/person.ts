/** A person of one role, as an administrator would let in: invited, with a password of their own. */
import type { BrowserContext } from 'playwright-core';
import { openBrowser } from '../browser.ts';
import { fetchSignedIn } from '../signing-in.ts';

const PASSWORD = 'nine quiet otters at noon';

/** Signed in, in a browser of their own; REQUIRES that it is closed. */
export async function personOf(consoleUrl: string, role: string, email: string): Promise<BrowserContext> {
  const reply = await fetchSignedIn(`${consoleUrl}/api/trpc/operations.users.invite`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: consoleUrl },
    body: JSON.stringify({ email, roles: [{ role }] }),
  });
  const { result } = (await reply.json()) as { result: { data: { path: string } } };
  const browser = await openBrowser();
  const page = await browser.newPage();
  await page.goto(consoleUrl + result.data.path);
  await page.getByLabel('Name').fill('Vic');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('Password again').fill(PASSWORD);
  await page.locator('form button[type=submit]').click();
  await page.waitForURL(`${consoleUrl}/`);
  await page.close();
  return browser;
}
