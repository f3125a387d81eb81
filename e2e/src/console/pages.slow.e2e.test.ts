/** The pages of the console that `npm test` passes over, with some events and a consumer group. */
import type { BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openBrowser } from '../browser.ts';
import { FIRST_PAGES, lookAt, PAGES } from './look.ts';

const consoleUrl = inject('consoleUrl').replace(/\/$/, '');
const edgeUrl = inject('edgeUrl').replace(/\/$/, '');
const EVENTS = 30;

let browser: BrowserContext;
beforeAll(async () => {
  browser = await openBrowser();
  const events = Array.from({ length: EVENTS }, (_, i) => ({
    ...{
      specversion: '1.0',
      id: `page-${i}`,
      source: '/console',
      type: 'console.test',
      subject: `key-${i % 3}`,
    },
  }));
  await ask('/v1/events', events, 'application/cloudevents-batch+json');
  await ask('/v1/groups', { name: 'pages-group' });
  await ask('/v1/groups/pages-group/poll', { member: 'one' });
});
afterAll(() => browser?.close());

describe.concurrent('with events', () => {
  it.each(Object.keys(PAGES).filter((name) => !FIRST_PAGES.includes(name)))(
    '%s is accessible in both themes, and within its width',
    async (name) => {
      expect(await lookAt(browser, consoleUrl, 'sample', name)).toEqual([]);
    },
  );
});

async function ask(path: string, body: object, type = 'application/json'): Promise<void> {
  const reply = await fetch(edgeUrl + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${inject('token')}`, 'content-type': type },
    body: JSON.stringify(body),
  });
  expect(reply.status, await reply.text()).toBeLessThan(300);
}
