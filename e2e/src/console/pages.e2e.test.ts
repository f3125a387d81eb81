/** Ten pages of the console with some events on them, and what people do on those about events, groups and the map. */
import type { BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openBrowser, visit } from '../browser.ts';
import { fetchSignedIn } from '../signing-in.ts';
import { FIRST_PAGES, lookAt } from './look.ts';

const consoleUrl = inject('consoleUrl').replace(/\/$/, '');
const edgeUrl = inject('edgeUrl').replace(/\/$/, '');
/** A number that a double does not hold. */
const EXACT = '9007199254740993';

let browser: BrowserContext;
beforeAll(async () => {
  browser = await openBrowser();
  for (let i = 0; i < 30; i++) await store(`page-${i}`, `key-${i % 3}`);
  expect((await ask('/v1/groups', { name: 'console-group' })).status).toBeLessThan(300);
  expect((await ask('/v1/groups/console-group/poll', { member: 'one' })).status).toBe(200);
});
afterAll(() => browser?.close());

describe.concurrent('with events', () => {
  it.each(FIRST_PAGES)('%s is accessible in both themes, and within its width', async (name) => {
    expect(await lookAt(browser, consoleUrl, 'sample', name)).toEqual([]);
  });
});

// a page holds a connection for what is live, and a browser opens six to one host: each is closed
describe('events', () => {
  it('are found by key and type, and open to their text with every digit', async () => {
    const { page } = await visit(browser, `${consoleUrl}/events?back=oldest&type=console.*`);
    await page.getByLabel('Key', { exact: true }).fill('key-1');
    await page.getByRole('button', { name: 'Look' }).click();
    await page.waitForURL(/key=key-1/);
    await page.getByText('10 shown of').waitFor();
    await page.getByRole('button', { name: 'Text of event page-1', exact: true }).click();
    await page.getByText(EXACT).waitFor();
    await page.close();
  });

  it('are exported whole, as NDJSON and as CSV', async () => {
    const url = `${consoleUrl}/api/events/export?type=console.*&key=key-2`;
    const lines = (await (await fetchSignedIn(url)).text()).trim().split('\n');
    expect(lines).toHaveLength(10);
    expect(lines.every((line) => line.includes(`"n":${EXACT}`))).toBe(true);
    const csv = await (await fetchSignedIn(`${url}&format=csv`)).text();
    expect(csv.trim().split('\r\n')).toHaveLength(11);
  });

  it('come as they are stored', async () => {
    const { page } = await visit(browser, `${consoleUrl}/events?live=true&type=console.*`);
    await page.getByText(/^Following/).waitFor();
    await expect
      .poll(async () => {
        await store(`tail-${Date.now()}`, 'tail');
        return page.getByRole('button', { name: /Text of event tail-/ }).count();
      })
      .toBeGreaterThan(0);
    await page.close();
  });

  it('refuse a wrong filter in words', async () => {
    const reply = await fetchSignedIn(`${consoleUrl}/api/events/export?low=zz`);
    expect([reply.status, await reply.text()]).toEqual([400, expect.stringContaining('16 hex digits')]);
  });
});

describe('consumer groups', () => {
  it('open to their members and to what each shardlet has left', async () => {
    const { page } = await visit(browser, `${consoleUrl}/consumers`);
    await page.getByRole('button', { name: 'console-group' }).click();
    await page.waitForURL(/group=console-group/);
    await page.getByRole('region', { name: 'Members' }).getByText('one', { exact: true }).waitFor();
    await page.goBack();
    await page.getByRole('region', { name: 'Members' }).waitFor({ state: 'detached' });
    await page.close();
  });
});

describe('shardlets', () => {
  it('are exported whole, as CSV and as JSON', async () => {
    const csv = await (await fetchSignedIn(`${consoleUrl}/api/shardlets/export?stream=main`)).text();
    expect(csv.trim().split('\r\n')).toHaveLength(65);
    const json = await (
      await fetchSignedIn(`${consoleUrl}/api/shardlets/export?stream=main&format=json`)
    ).json();
    expect(json).toHaveLength(64);
    expect((await fetchSignedIn(`${consoleUrl}/api/shardlets/export?state=odd`)).status).toBe(400);
  });
});

describe('the command palette', () => {
  it('opens with Ctrl-K and goes to a page by its name', async () => {
    const { page } = await visit(browser, consoleUrl);
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('jobs');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/jobs$/);
    await page.close();
  });
});

describe('the map of shardlets', () => {
  it('is walked with the keyboard, and what is pinned is in the address', async () => {
    const { page } = await visit(browser, `${consoleUrl}/map`);
    await page.getByRole('application').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Pinned shardlet' }).waitFor();
    await page.waitForURL(/at=\d+/);
    await page.getByLabel('As if it lay on').selectOption({ index: 1 });
    await page.getByRole('button', { name: 'Simulate' }).click();
    await page.waitForURL(/what-if.*suppose/);
    await page.close();
  });

  it('simulates a shardlet that is dragged to another host, and Escape lets go of it', async () => {
    const { page } = await visit(browser, `${consoleUrl}/map?layout=grid`);
    const map = page.getByRole('application');
    const { x, y, width } = (await map.boundingBox())!;
    const drag = async () => {
      await page.mouse.move(x + 15, y + 35);
      await page.mouse.down();
      await page.mouse.move(x + width / 2, y + 40, { steps: 5 });
      await page.mouse.move(x + width - 30, y + 45, { steps: 5 });
      await page.getByText(/^Let go to simulate shardlet \d+ on host-/).waitFor();
    };
    await drag();
    await page.keyboard.press('Escape');
    await page.mouse.up();
    expect(new URL(page.url()).pathname).toBe('/map');
    await drag();
    await page.mouse.up();
    await page.waitForURL(/what-if.*suppose/);
    await page.getByText(/^shardlet \d+ lies on host-/).waitFor();
    expect(decodeURIComponent(page.url())).toMatch(/"kind":"move"/);
    await page.close();
  });
});

async function store(id: string, subject: string): Promise<void> {
  const data = `{"n":${EXACT}}`;
  const event = `{"specversion":"1.0","id":"${id}","source":"/console","type":"console.test","subject":"${subject}","data":${data}}`;
  expect((await ask('/v1/events', event, 'application/cloudevents+json')).status).toBe(200);
}

function ask(path: string, body: object | string, type = 'application/json'): Promise<Response> {
  return fetch(edgeUrl + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${inject('token')}`, 'content-type': type },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}
