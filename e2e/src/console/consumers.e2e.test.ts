/** Dead letters at the console, with a real member of a group: what fails is seen, decided about, and comes again. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest';
import { openBrowser, VIEWS, visit } from '../browser.ts';
import { violations, whenLoaded } from './look.ts';

const consoleUrl = inject('consoleUrl').replace(/\/$/, '');
const edgeUrl = inject('edgeUrl').replace(/\/$/, '');
const PICTURES = join(import.meta.dirname, '../../screenshots/consumers');
const GROUP = 'invoices';
const FAILING = ['order-3', 'order-5'];

let browser: BrowserContext;
beforeAll(async () => {
  browser = await openBrowser();
  await mkdir(PICTURES, { recursive: true });
});
afterEach(async () => {
  for (const page of browser.pages()) await page.close();
});
afterAll(() => browser?.close());

// biome-ignore lint/suspicious/noExplicitAny: the edge's answers are checked by its own tests
async function ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }> {
  const headers = { authorization: `Bearer ${inject('token')}`, 'content-type': 'application/json' };
  const batch = { ...headers, 'content-type': 'application/cloudevents-batch+json' };
  const response = await fetch(edgeUrl + path, {
    ...{ method, headers: Array.isArray(body) ? batch : headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

interface Batch {
  readonly shardlet: number;
  readonly assignment: number;
  readonly epoch: number;
  readonly through: number;
  readonly events: readonly { readonly seq: number; readonly event: Event }[];
}
interface Event {
  readonly type: string;
  readonly subject?: string;
  // biome-ignore lint/suspicious/noExplicitAny: of a redrive, what it holds
  readonly data?: any;
}

/** A member that gives up what its handler refuses; answers the keys that it processed. */
async function consume(group: string, fails: (event: Event) => boolean): Promise<string[]> {
  const done: string[] = [];
  for (;;) {
    const { body } = await ask('POST', `/v1/groups/${group}/poll`, { member: 'm-1', wait: 2_000 });
    const batches = body.batches as Batch[];
    if (batches.length === 0) return done;
    for (const { shardlet, assignment, epoch, through, events } of batches) {
      for (const { seq, event } of events) {
        const redriven = event.type === 'dev.foreshard.redrive';
        if (group.endsWith('.redrive') && !redriven) continue;
        const original: Event = redriven ? event.data.event : event;
        if (!fails(original)) done.push(original.subject!);
        else {
          const given = { member: 'm-1', shardlet, seq, assignment, attempts: 3 };
          const reason = `TaxRateMissing: no rate for ${original.subject} in region "eu-7"`;
          const reply = await ask('POST', `/v1/groups/${group}/dead-letters`, { ...given, reason });
          expect(reply.status).toBe(200);
        }
      }
      const positions = [{ shardlet, seq: through, epoch, assignment }];
      await ask('POST', `/v1/groups/${group}/commit`, { member: 'm-1', positions });
    }
  }
}

async function pictures(page: Page, name: string): Promise<void> {
  for (const view of VIEWS) {
    await page.setViewportSize({ width: view.width, height: 1_000 });
    await page.emulateMedia({ colorScheme: view.theme, reducedMotion: 'reduce' });
    await page.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted, view.theme);
    await page.screenshot({
      path: join(PICTURES, `${name}-${view.theme}-${view.width}.png`),
      fullPage: true,
    });
    const beyond = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect([name, view.width, beyond]).toEqual([name, view.width, 0]);
  }
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    expect(await violations(page, { theme })).toEqual([]);
  }
  await page.setViewportSize({ width: VIEWS[0]!.width, height: 1_000 });
}

it('dead letters are discarded and restored by mouse, re-driven by keyboard, and reach the group again', async () => {
  await ask('POST', '/v1/streams', { name: GROUP, shardCount: 4 });
  const events = Array.from({ length: 8 }, (_, i) => ({
    ...{ specversion: '1.0', id: String(i), source: '/shop', type: 'order', subject: `order-${i}` },
    data: { total: 12345678901234567n.toString(), lines: [{ sku: 'A-1', count: i }] },
  }));
  await expect
    .poll(() => ask('POST', `/v1/streams/${GROUP}/events`, events).then(({ status }) => status))
    .toBe(200);
  expect((await ask('POST', '/v1/groups', { name: GROUP, stream: GROUP, deadLetters: true })).status).toBe(
    201,
  );
  const done = await consume(GROUP, ({ subject }) => FAILING.includes(subject!));
  expect(done).toHaveLength(6);

  const { page, complaints } = await visit(browser, `${consoleUrl}/consumers`);
  await page.getByRole('button', { name: GROUP, exact: true }).click();
  const letters = page.getByRole('region', { name: 'Dead letters', exact: true });
  await letters.getByText('2 letters: 2 dead').waitFor();
  await letters.getByRole('button', { name: 'order-3', exact: true }).click();
  await letters.getByText('"sku": "A-1"').waitFor();
  await whenLoaded(page);
  await pictures(page, 'letters');

  // by mouse: discard, and take it back
  await letters.getByLabel('Choose the letter of order-3').check();
  await letters.getByRole('button', { name: 'Discard 1' }).click();
  await letters.getByText('1 dead, 0 re-driven, 1 discarded').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await letters.getByText('2 dead, 0 re-driven, 0 discarded').waitFor();

  // by keyboard: to the button, into the dialog, with a note
  await letters.getByRole('button', { name: 'Re-drive all' }).focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByText('This cannot be taken back').waitFor();
  await dialog.getByLabel('Note').focus();
  await page.keyboard.type('rate of eu-7 was added');
  await page.keyboard.press('Enter');
  await letters.getByText('0 dead, 2 re-driven').waitFor();
  await letters.getByText('No event waits here').waitFor();
  // the choice is part of the address
  await letters.getByRole('radio', { name: 'Re-driven' }).click();
  await letters.getByText('rate of eu-7 was added').first().waitFor();
  expect(page.url()).toContain('letters=redriven');

  expect((await consume(`${GROUP}.redrive`, () => false)).sort()).toEqual(FAILING);
  await page.goto(`${consoleUrl}/consumers`);
  await page.getByText('(1 group hidden)').waitFor();
  expect(await page.getByRole('button', { name: `${GROUP}.redrive`, exact: true }).count()).toBe(0);
  await page.getByLabel('Groups of re-driven events').check();
  await page.getByRole('button', { name: `${GROUP}.redrive`, exact: true }).waitFor();
  await pictures(page, 'list');

  await page.getByRole('button', { name: GROUP, exact: true }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await dialog.getByText('2 letters: 0 dead, 2 re-driven').waitFor();
  await dialog.getByLabel(`Type ${GROUP} to remove it`).fill(GROUP);
  await dialog.getByRole('button', { name: 'Remove the group' }).click();
  await page.getByRole('button', { name: `${GROUP}.redrive`, exact: true }).waitFor({ state: 'detached' });
  expect(complaints).toEqual([]);
}, 180_000);
