/**
 * The page Checkpoints with a group that keeps state: whole ones and deltas, one that is damaged and one that is not stored
 * yet; verified, pruned and set by a person who may, and seen by one who may not.
 */
import { readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject, it, vi } from 'vitest';
import { StatefulMember } from '../../../apps/edge/src/consuming/stateful-member.fixture.ts';
import { openBrowser, visit } from '../browser.ts';
import { Cluster } from '../faults/cluster.ts';
import { foreshardBeside } from '../product.ts';
import { personOf } from './person.ts';
import { takePictures } from './pictures.ts';

const consoleUrl = inject('consoleUrl').replace(/\/$/, '');
const edgeUrl = inject('edgeUrl').replace(/\/$/, '');
const dataDir = inject('dataDir');
const GROUP = 'ledger';
/** A worker judges every 10 s. */
const JUDGED_WITHIN_MS = 60_000;
const HOUR_MS = 3_600_000;

const cluster = new Cluster(dataDir, { edgeUrl, token: inject('token'), stream: GROUP });
const member = new StatefulMember({ url: () => edgeUrl, token: () => inject('token') }, GROUP, 'counter-1');
let browser: BrowserContext;
/** the one that has no whole content any more */
let damaged: number;

beforeAll(async () => {
  browser = await openBrowser();
  await member.ask('POST', '/v1/streams', { name: GROUP, shardCount: 3, splitKeys: false });
  await importDays(2);
  await append(0);
  const group = { name: GROUP, stream: GROUP, sessionMs: 600_000, checkpoints: { checkpoint_threshold: 50 } };
  expect((await member.ask('POST', '/v1/groups', group)).status).toBe(201);
  await drain();
  const [first, second, third] = [...member.held.keys()];
  for (const reason of ['due', 'interval', 'asked'] as const) {
    await member.checkpoint(first!, reason);
    await append(member.held.get(first!)!.seq + 1);
    await drain();
  }
  await member.checkpoint(first!, 'due', true);
  await member.checkpoint(third!, 'closing');
  expect((await member.announce(second!)).status).toBe(201);
  damaged = second!;
  const { body } = await member.checkpoint(second!, 'due');
  await spoil(body.id);
});
afterEach(async () => {
  cluster.resume();
  for (const page of browser.pages()) await page.close();
});
afterAll(() => browser?.close());

async function append(from: number): Promise<void> {
  const events = Array.from({ length: 300 }, (_, i) => ({
    ...{
      specversion: '1.0',
      id: `${from}-${i}`,
      source: '/bank',
      type: 'booked',
      subject: `account-${i % 60}`,
    },
  }));
  const send = async () => {
    const { status } = await fetch(`${edgeUrl}/v1/streams/${GROUP}/events`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${inject('token')}`,
        'content-type': 'application/cloudevents-batch+json',
      },
      body: JSON.stringify(events),
    });
    expect(status).toBe(200);
  };
  await vi.waitFor(send, { timeout: 30_000, interval: 250 });
}

/** Ten events a second and shardlet, up to two hours ago: what comes in now is not known in time. */
async function importDays(days: number): Promise<void> {
  const trace = join(tmpdir(), `checkpoints-${process.pid}.csv`);
  const toMs = Math.floor(Date.now() / HOUR_MS - 2) * HOUR_MS;
  const lines = Array.from({ length: days * 24 }, (_, i) => {
    const at = new Date(toMs - (days * 24 - i) * HOUR_MS).toISOString();
    return `${at},${3 * 10 * 3_600}`;
  });
  await writeFile(trace, ['timestamp,value', ...lines, ''].join('\n'));
  const args = ['--stream', GROUP, '--trace', trace, '--shift', 'none', '--format', 'load'];
  expect(await foreshardBeside(dataDir, 'import-history', ...args)).toMatchObject({ code: 0 });
}

async function drain(): Promise<void> {
  while ((await member.turn({ wait: 500 })) > 0);
}

/** As a disk that lost a block: the content is another one, and as long. */
async function spoil(id: string): Promise<void> {
  const folder = join(dataDir, 'checkpoints');
  const client = new Client({ connectionString: (await cluster.credentials()).databaseUrl });
  await client.connect();
  const { rows } = await client.query('SELECT object, bytes FROM consumer_state_checkpoint WHERE id = $1', [
    id,
  ]);
  await client.end();
  const files = await readdir(folder, { recursive: true });
  expect(files).toContain(rows[0].object);
  await writeFile(join(folder, rows[0].object), 'x'.repeat(Number(rows[0].bytes)));
}

/** As they would be after a day and a half. */
async function age(): Promise<void> {
  const client = new Client({ connectionString: (await cluster.credentials()).databaseUrl });
  await client.connect();
  await client.query(
    `UPDATE consumer_state_checkpoint SET created_at = created_at - interval '36 hours' WHERE "group" = $1`,
    [GROUP],
  );
  await client.end();
}

async function openPage(path = `/checkpoints?group=${GROUP}`): Promise<{ page: Page; complaints: string[] }> {
  const seen = await visit(browser, consoleUrl + path);
  if (path.startsWith('/checkpoints')) await list(seen.page).getByRole('row').nth(1).waitFor();
  return seen;
}

const list = (page: Page) => page.getByRole('region', { name: 'Checkpoints of the group' });
const rowsOf = (page: Page, state: string): Locator =>
  list(page)
    .getByRole('row')
    .filter({ has: page.getByText(state, { exact: true }) });
const verify = (row: Locator) => row.getByTitle(/compares it with its digest/);

it('shows what is kept of each shardlet, why it was taken, and what is not stored yet', async () => {
  const { page, complaints } = await openPage();
  await page.getByRole('heading', { name: `Checkpoints of ${GROUP}` }).waitFor();
  expect(await rowsOf(page, 'valid').count()).toBe(6);
  expect(await rowsOf(page, 'pending').count()).toBe(1);
  expect(await rowsOf(page, 'valid').filter({ hasText: 'changes only' }).count()).toBe(1);
  for (const why of ['the rule said that it was due', 'the member was stopped', 'the handler asked for it'])
    await list(page).getByText(why).first().waitFor();
  await page.getByLabel('Shardlet', { exact: true }).fill(String(damaged));
  await page.waitForURL(/shardlet=/);
  await expect.poll(() => rowsOf(page, 'valid').count()).toBe(1);
  await page.getByLabel('Shardlet', { exact: true }).fill('999999');
  await page.getByText('No checkpoint of shardlet 999999 is kept.').waitFor();
  expect(complaints).toEqual([]);
});

it('reads one again on demand, and says which is damaged', async () => {
  const { page } = await openPage();
  const whole = rowsOf(page, 'valid').filter({ hasText: 'changes only' });
  await verify(whole).click();
  await page.getByText('The checkpoint is whole').waitFor();
  await rowsOf(page, 'verified').waitFor();
  const broken = list(page)
    .getByRole('row')
    .filter({ has: page.getByText(String(damaged), { exact: true }) })
    .filter({ has: page.getByText('valid', { exact: true }) });
  await verify(broken).click();
  await page.getByText('The checkpoint is damaged').waitFor();
  await rowsOf(page, 'damaged').waitFor();
  await page.reload();
  await rowsOf(page, 'damaged').waitFor();
  await takePictures(page, 'checkpoints', 'list');
});

it('shows the state of each member, and how old its checkpoints are, where the group is', async () => {
  const { page } = await openPage(`/consumers?group=${GROUP}`);
  const card = page.getByRole('region', { name: GROUP, exact: true });
  await card.getByText('Oldest checkpoint', { exact: true }).waitFor({ timeout: JUDGED_WITHIN_MS });
  const line = card.getByRole('listitem').filter({ hasText: 'counter-1' }).first();
  await line.getByText(/^oldest checkpoint of .*recovery up to/).waitFor({ timeout: JUDGED_WITHIN_MS });
  await takePictures(page, 'checkpoints', 'state-of-members');
  await card.getByRole('link', { name: 'Checkpoints' }).click();
  await page.waitForURL(/checkpoints\?group=ledger/);
});

it('changes the settings, refuses what is out of range, and gives up what was typed', async () => {
  const { page } = await openPage();
  const threshold = page.getByLabel('Events that may wait');
  expect(await threshold.inputValue()).toBe('50');
  const save = page.getByRole('button', { name: 'Save' });
  expect(await save.isDisabled()).toBe(true);
  await page.getByLabel('Kept of each shardlet').fill('0');
  await page.getByText('A whole number from 1 to 100', { exact: true }).waitFor();
  await takePictures(page, 'checkpoints', 'settings', false);
  await page.getByRole('button', { name: 'Discard changes' }).click();
  expect(await page.getByLabel('Kept of each shardlet').inputValue()).toBe('3');
  await page.getByLabel('Kept of each shardlet').fill('1');
  await page.getByLabel('Kept for').fill('12');
  await save.click();
  await page.getByText(`The settings of ${GROUP} hold from now on`).waitFor();
  await page.reload();
  await expect.poll(() => page.getByLabel('Kept of each shardlet').inputValue()).toBe('1');
});

/** A figure of the effect: saved settings, and the draft where there is one. */
async function figures(page: Page, name: string): Promise<string[]> {
  const effect = page.getByRole('region', { name: 'Effect' });
  await expect.poll(() => effect.getAttribute('aria-busy')).toBe('false');
  const row = effect.getByRole('row').filter({ has: page.getByRole('rowheader', { name, exact: true }) });
  return row.getByRole('cell').allTextContents();
}
const draftOf = async (page: Page) => (await figures(page, 'Checkpoints a day'))[1];
const perDay = (text: string | undefined) => Number.parseFloat(text!.replaceAll(',', ''));

async function settingsOfGroup(): Promise<Record<string, unknown>> {
  const { body } = await member.ask('GET', `/v1/groups/${GROUP}`);
  return body.checkpointing;
}

it('shows what a draft would have meant, saves only what was edited, and says what others saved meanwhile', async () => {
  const { page, complaints } = await openPage();
  const threshold = page.getByLabel('Events that may wait');
  const [saved, ...none] = await figures(page, 'Checkpoints a day');
  expect([perDay(saved) > 0, none]).toEqual([true, []]);
  await takePictures(page, 'checkpoints', 'effect-saved');
  await threshold.fill('100');
  await expect.poll(() => draftOf(page)).toBeDefined();
  const rarely = await draftOf(page);
  expect(perDay(rarely)).toBeLessThan(perDay(saved));
  await threshold.fill('200');
  await expect.poll(async () => perDay((await draftOf(page))!)).toBeLessThan(perDay(rarely));
  const draft = await draftOf(page);
  expect(perDay((await figures(page, 'Backlog at recovery, p99'))[1])).toBeGreaterThan(
    perDay((await figures(page, 'Backlog at recovery, p99'))[0]),
  );
  await takePictures(page, 'checkpoints', 'effect-draft');
  // what cannot be saved leaves the last picture
  for (const wrong of ['0', 'many', '']) {
    await threshold.fill(wrong);
    await page.getByText('A whole number from 1 to 1,000,000,000,000', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    expect(await draftOf(page)).toBe(draft);
    expect((await settingsOfGroup()).checkpoint_threshold).toBe(50);
  }
  await threshold.fill('200');
  const second = await personOf(consoleUrl, 'administrator', 'second@e2e.example');
  try {
    const other = await second.newPage();
    await other.goto(`${consoleUrl}/checkpoints?group=${GROUP}`);
    await other.getByLabel('Kept for').fill('48');
    await other.getByRole('button', { name: 'Save' }).click();
    await other.getByText(`The settings of ${GROUP} hold from now on`).waitFor();
    await page.getByText(/^Saved by somebody else meanwhile: Kept for\./).waitFor();
    expect(await page.getByLabel('Kept for').inputValue()).toBe('48');
    expect(await threshold.inputValue()).toBe('200');
    await takePictures(page, 'checkpoints', 'settings-of-two', false);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText(`The settings of ${GROUP} hold from now on`).waitFor();
    expect(await settingsOfGroup()).toMatchObject({ checkpoint_threshold: 200, keep_hours: 48 });
    await expect.poll(() => figures(page, 'Checkpoints a day')).toEqual([draft]);
    await expect.poll(() => other.getByLabel('Events that may wait').inputValue()).toBe('200');
    expect(await page.getByText(/^Saved by somebody else/).count()).toBe(0);
  } finally {
    await second.close();
  }
  expect(complaints).toEqual([]);
});

it('shows how a drill restored a shardlet, and recoveries as they were measured', async () => {
  const { page } = await openPage();
  await page.getByRole('button', { name: /drill/i }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  await takePictures(page, 'checkpoints', 'drill-asked', false);
  await page.keyboard.press('Escape');
  const nothing = await openPage('/checkpoints?group=nobody');
  await takePictures(nothing.page, 'checkpoints', 'whole-page');
});

it('says how many would be pruned, leaves those that a recovery needs, and removes one', async () => {
  const { page } = await openPage();
  // it prunes by itself
  await cluster.pause('worker');
  const prune = page.getByRole('button', { name: 'Prune' });
  await prune.click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('All of them are needed. Nothing would be removed.').waitFor();
  await dialog.getByText('A worker prunes by itself every ten minutes.').waitFor();
  await dialog.getByRole('button', { name: 'Keep them' }).click();
  await age();
  const before = await list(page).getByRole('row').count();
  await prune.click();
  const said = dialog.getByRole('status').filter({ hasText: /would be removed/ });
  await said.waitFor();
  await takePictures(page, 'checkpoints', 'prune');
  const count = Number.parseInt((await said.textContent())!, 10);
  expect(count).toBeGreaterThan(0);
  expect(count).toBeLessThan(6);
  await dialog.getByRole('button', { name: 'Prune' }).click();
  await page.getByText(/^\d checkpoints? removed$/).waitFor();
  await expect.poll(() => list(page).getByRole('row').count()).toBe(before - count);
  cluster.resume();
  const remove = list(page).getByRole('button', { name: /^Remove the checkpoint of shardlet/ });
  const left = await remove.count();
  await remove.first().click();
  await dialog.getByText('This cannot be taken back').waitFor();
  await dialog.getByRole('button', { name: 'Remove it' }).click();
  await expect.poll(() => remove.count()).toBe(left - 1);
});

it('a viewer sees the list, and reads on the buttons which role it takes', async () => {
  const viewer = await personOf(consoleUrl, 'viewer', 'checkpoints@e2e.example');
  try {
    const page = await viewer.newPage();
    await page.goto(`${consoleUrl}/checkpoints?group=${GROUP}`);
    await list(page).getByRole('row').nth(1).waitFor();
    for (const button of [
      page.getByRole('button', { name: 'Prune' }),
      page.getByRole('button', { name: 'Save' }),
    ]) {
      await expect.poll(() => button.getAttribute('aria-disabled')).toBe('true');
      // a list that is refreshed meanwhile may take the focus away
      const tip = async () => {
        await button.blur();
        await button.focus();
        await page.waitForTimeout(500);
        return page.getByRole('tooltip').getByText('Needs the role administrator').count();
      };
      await expect.poll(tip).toBeGreaterThan(0);
    }
    await page.keyboard.press('Escape');
    await takePictures(page, 'checkpoints', 'viewer', false);
  } finally {
    await viewer.close();
  }
});
