/** A consumer group that is far behind, and its card on the page Consumers. */
import type { BrowserContext, Page } from 'playwright-core';
import { expect, inject, vi } from 'vitest';
import { type Visit, visit } from '../browser.ts';

export const PARCELS = 'parcels';
const EVENTS = 3_000;
const BATCH = 500;

const edgeUrl = () => inject('edgeUrl').replace(/\/$/, '');

/** A stream, with a group of its name that has begun every shardlet, and one that nobody reads in; also well when there is one. */
export async function putParcels(stream = PARCELS): Promise<void> {
  if ((await ask('POST', '/v1/streams', { name: stream, shardCount: 4 })).status >= 300) return;
  for (let sent = 0; sent < EVENTS; sent += BATCH) {
    const events = Array.from({ length: BATCH }, (_, i) => ({
      ...{
        specversion: '1.0',
        id: String(sent + i),
        source: '/depot',
        type: 'scan',
        subject: `parcel-${i % 200}`,
      },
    }));
    const send = async () => (await ask('POST', `/v1/streams/${stream}/events`, events)).status;
    await vi.waitFor(async () => expect(await send()).toBe(200), { timeout: 30_000, interval: 250 });
  }
  for (const name of [stream, `${stream}.x`])
    expect((await ask('POST', '/v1/groups', { name, stream: stream, sessionMs: 600_000 })).status).toBe(201);
  await work(1, stream);
}

// biome-ignore lint/suspicious/noExplicitAny: the edge's answers are checked by its own tests
async function ask(method: string, path: string, body: unknown): Promise<{ status: number; body: any }> {
  const type = Array.isArray(body) ? 'application/cloudevents-batch+json' : 'application/json';
  const response = await fetch(edgeUrl() + path, {
    method,
    headers: { authorization: `Bearer ${inject('token')}`, 'content-type': type },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

/** A member processes and commits so many events. */
export async function work(limit: number, stream = PARCELS): Promise<void> {
  const { status, body } = await ask('POST', `/v1/groups/${stream}/poll`, {
    member: 'sorter-1',
    limit,
    wait: 1_000,
  });
  expect(status).toBe(200);
  const positions = body.batches.map(({ shardlet, through, epoch, assignment }: Record<string, number>) => ({
    ...{ shardlet, seq: through, epoch, assignment },
  }));
  if (positions.length > 0)
    await ask('POST', `/v1/groups/${stream}/commit`, { member: 'sorter-1', positions });
}

export async function openParcels(
  browser: BrowserContext,
  consoleUrl: string,
  stream = PARCELS,
): Promise<Visit> {
  const seen = await visit(browser, `${consoleUrl}/consumers?group=${stream}`);
  await seen.page.getByRole('heading', { name: stream, exact: true }).waitFor();
  return seen;
}

export const card = (page: Page, stream = PARCELS) => page.getByRole('region', { name: stream, exact: true });
