/** The console in a real browser, on the running product. */
import { startRedis, temporaryFolder } from '@foreshard/local';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { openBrowser, visit } from '../browser.ts';
import { foreshardBeside } from '../product.ts';
import { fetchSignedIn } from '../signing-in.ts';
import { violations } from './look.ts';

const consoleUrl = inject('consoleUrl').replace(/\/$/, '');

let browser: BrowserContext;
beforeAll(async () => {
  browser = await openBrowser();
});
afterEach(async () => {
  for (const page of browser.pages()) await page.close();
});
afterAll(() => browser?.close());

describe('the sample', () => {
  it('is replayed, stopped, gone on with, and read back complete and in order', async () => {
    const { page } = await visit(browser, consoleUrl);
    await expectAccessible(page);
    const panel = page.getByRole('region', { name: 'Replay of the sample' });
    await page.getByRole('button', { name: 'Replay the sample' }).first().click();
    await panel.getByText(/of 100,000 acknowledged/).waitFor({ timeout: 60_000 });
    await expectAccessible(page);
    await panel.getByRole('button', { name: 'Stop' }).click();
    await panel.getByText('The replay was stopped').waitFor();
    const { page: other } = await visit(browser, consoleUrl);
    await panel.getByRole('button', { name: 'Go on' }).click();
    await other.getByText('Replaying recorded departures').waitFor({ timeout: 60_000 });
    await panel.getByText('Every departure came back, once and in order').waitFor({ timeout: 170_000 });
    const proof = await panel.textContent();
    expect(proof).toContain('100,000 sent = 100,000 acknowledged = 100,000 stored');
  }, 240_000);
});

describe('the overview', () => {
  it('gives its verdict before any chart', async () => {
    const { page } = await visit(browser, consoleUrl);
    const verdict = page.getByRole('region', { name: 'Verdict' });
    expect(await verdict.getByRole('status').textContent()).toMatch(/shardlets open|need|answer|host/i);
  });

  it('pauses and resumes', async () => {
    const { page } = await visit(browser, consoleUrl);
    await page.getByRole('button', { name: 'Live' }).click();
    await page.getByRole('button', { name: 'Paused' }).click();
    await page.getByRole('button', { name: 'Live' }).waitFor();
  });
});

describe('streams', () => {
  it('are created with checked fields, changed with undo, deleted by typing their name', async () => {
    const { page, complaints } = await visit(browser, `${consoleUrl}/streams`);
    await page.getByRole('button', { name: 'New stream' }).click();
    await page.getByLabel('Name').fill('Big Name');
    await page.getByRole('button', { name: 'Create the stream' }).click();
    await page.getByText('A lower-case letter, then').waitFor();
    await page.getByLabel('Name').fill('console-test');
    await page.getByLabel('Shards').fill('4');
    await page.getByLabel('Keep for').fill('2');
    await page.getByRole('button', { name: 'Create the stream' }).click();
    const row = page.getByRole('row', { name: /console-test/ });
    await row.waitFor();
    expect(await row.textContent()).toContain('2\u00a0h');

    await page.getByRole('button', { name: 'Change console-test' }).click();
    await page.getByLabel('Keep for').fill('24');
    await page.getByRole('button', { name: 'Save' }).click();
    await row.getByText('24\u00a0h').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await row.getByText('2\u00a0h').waitFor();

    await deleteStream(page, 'console-test');
    await row.waitFor({ state: 'detached' });
    // a refused deletion (shardlets still opening) is answered with an error status, which browsers log
    expect(complaints.filter((c) => !c.includes('409'))).toEqual([]);
  });

  it('tell why a name that exists is refused', async () => {
    const { page } = await visit(browser, `${consoleUrl}/streams`);
    await page.getByRole('button', { name: 'New stream' }).click();
    await page.getByLabel('Name').fill('main');
    await page.getByRole('button', { name: 'Create the stream' }).click();
    expect(await page.getByRole('dialog').getByRole('alert').textContent()).toContain('exists');
  });
});

describe('hosts', () => {
  it('are looked at before they join, and leave when their name is typed', async () => {
    await using spare = await spareRedis();
    const { page } = await visit(browser, `${consoleUrl}/hosts`);
    await page.getByRole('button', { name: 'Add host' }).click();
    await page.getByLabel('Address').fill('redis://127.0.0.1:9');
    await page.getByRole('button', { name: 'Look at it' }).click();
    await page.getByText(/no Redis or PostgreSQL answers there/).waitFor();
    await page.getByLabel('Address').fill(spare.url);
    await page.getByLabel('Name').fill('spare');
    await page.getByRole('button', { name: 'Look at it' }).click();
    await page.getByText('would join as a new host').waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Copy as curl' }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(`"url":"${spare.url}"`);
    await page.getByRole('button', { name: 'Add now' }).click();
    const row = page.getByRole('row', { name: /spare/ });
    await row.waitFor();

    await chooseAction(page, 'host-1', 'Remove');
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/It cannot be removed now: host 1 has part in shardlet/).waitFor();
    expect(await dialog.getByRole('button', { name: 'Remove now' }).isDisabled()).toBe(true);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await focusedName(page)).toBe('Actions: host-1');

    await chooseAction(page, 'spare', 'Remove');
    const name = dialog.getByLabel('Type spare to remove it');
    await name.fill('spar');
    expect(await dialog.getByRole('button', { name: 'Remove now' }).isDisabled()).toBe(true);
    await name.fill('spare');
    await dialog.getByRole('button', { name: 'Remove now' }).click();
    await row.waitFor({ state: 'detached' });
  });
});

async function chooseAction(page: Page, host: string, action: string): Promise<void> {
  await page.getByRole('button', { name: `Actions: ${host}` }).click();
  await page.getByRole('menuitem', { name: action, exact: true }).click();
}

function focusedName(page: Page): Promise<string | null | undefined> {
  return page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
}

async function spareRedis(): Promise<{ url: string } & AsyncDisposable> {
  const folder = await temporaryFolder('spare-host');
  const { url, stop } = await startRedis({ dir: folder.path });
  return {
    url,
    async [Symbol.asyncDispose]() {
      await stop();
      await folder.remove();
    },
  };
}

describe('links', () => {
  it('show what their sender saw: filters and sorting are in the address, and Back works', async () => {
    const { page } = await visit(browser, `${consoleUrl}/shardlets?sort=id&desc=false`);
    const firstCell = page.getByRole('region', { name: 'Shardlets' }).locator('tbody td').first();
    const smallest = Number(await firstCell.textContent());
    await page.getByLabel('Host').selectOption({ index: 1 });
    await page.waitForURL(/host=/);
    expect(page.url()).toContain('sort=id');
    await page.goto(`${consoleUrl}/shardlets?sort=id&desc=true`);
    await expect.poll(async () => Number(await firstCell.textContent())).toBeGreaterThan(smallest);
    await page.getByRole('link', { name: 'Hosts', exact: true }).click();
    await page.waitForURL(/\/hosts$/);
    await page.goBack();
    await page.waitForURL(/shardlets\?sort=id&desc=true/);
  });

  it('of the navigation all lead somewhere', async () => {
    const { page } = await visit(browser, consoleUrl);
    const links = await page
      .locator('a[href]')
      .evaluateAll((all) => all.map((a) => (a as HTMLAnchorElement).href));
    for (const link of new Set(links)) {
      const { status, redirected } = await fetchSignedIn(link);
      expect({ link, status, redirected }).toEqual({ link, status: 200, redirected: false });
    }
  });
});

describe('the keyboard', () => {
  it('goes to a page with two keys, and lists its keys with "?"', async () => {
    const { page } = await visit(browser, consoleUrl);
    await page.keyboard.press('g');
    await page.keyboard.press('h');
    await page.waitForURL(/\/hosts$/);
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
  });

  it('types letters into a field instead of acting on them', async () => {
    const { page } = await visit(browser, `${consoleUrl}/hosts`);
    await page.getByLabel('Filter the hosts').pressSequentially('gp');
    expect(page.url()).toContain('/hosts');
    await page.getByRole('button', { name: 'Live' }).waitFor();
  });
});

it('comes back live without a reload after the console was killed', async () => {
  const { page } = await visit(browser, consoleUrl);
  const heading = await page.getByRole('heading', { level: 1 }).elementHandle();
  const before = await consolePid();
  // a frozen console is not restarted, so the picture gets old however quick the supervisor is
  process.kill(before, 'SIGSTOP');
  await page.getByRole('button', { name: 'Stale' }).waitFor({ timeout: 30_000 });
  process.kill(before, 'SIGKILL');
  await page.getByRole('button', { name: 'Live' }).waitFor({ timeout: 60_000 });
  expect(await consolePid()).not.toBe(before);
  expect(await heading!.evaluate((h) => h.isConnected)).toBe(true);
});

describe('strangers', () => {
  it('are not served under a foreign name (DNS rebinding)', async () => {
    const { hostname, port } = new URL(consoleUrl);
    const { request } = await import('node:http');
    const status = await new Promise((done, failed) => {
      request({ hostname, port, path: '/', headers: { host: 'evil.example' } }, (r) =>
        done(r.resume().statusCode),
      )
        .on('error', failed)
        .end();
    });
    expect(status).toBe(421);
  });

  it('cannot change anything from another origin', async () => {
    const reply = await fetchSignedIn(`${consoleUrl}/api/trpc/operations.streams.create`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'https://evil.example' },
      body: JSON.stringify({ name: 'stolen', settings: {} }),
    });
    expect(reply.status).toBe(403);
  });

  it('find no token and no password in anything a browser gets', async () => {
    const answers = await Promise.all(
      ['/', '/api/trpc/overview.now', '/api/trpc/hosts.list'].map(async (path) =>
        (await fetchSignedIn(consoleUrl + path)).text(),
      ),
    );
    for (const answer of answers) {
      expect(answer).not.toContain(inject('token'));
      expect(answer).not.toMatch(/postgres(ql)?:\/\/|redis:\/\//);
    }
  });
});

async function consolePid(): Promise<number> {
  const { stdout } = await foreshardBeside(inject('dataDir'), 'status', '--json');
  const { processes } = JSON.parse(stdout) as { processes: { name: string; pid: number }[] };
  return processes.find(({ name }) => name === 'console')!.pid;
}

async function expectAccessible(page: Page): Promise<void> {
  expect(await violations(page, { theme: 'light' })).toEqual([]);
}

/** Only shardlets at rest can go, so a stream that is just being opened is refused for some seconds. */
async function deleteStream(page: Page, name: string): Promise<void> {
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: `Delete ${name}` }).click();
  const remove = dialog.getByRole('button', { name: 'Delete for good' });
  expect(await remove.isDisabled()).toBe(true);
  await dialog.getByLabel(/to confirm/).fill(name);
  await expect
    .poll(
      async () => {
        if (await dialog.isVisible()) await remove.click({ timeout: 1_000 }).catch(() => {});
        return dialog.isVisible();
      },
      { timeout: 30_000, interval: 1_000 },
    )
    .toBe(false);
}
