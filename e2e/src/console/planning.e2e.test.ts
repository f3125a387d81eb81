/** From a policy to a recommendation, its approval in the browser, and what became of it, on the running product. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { openBrowser, visit } from '../browser.ts';
import { foreshardBeside } from '../product.ts';
import { violations } from './look.ts';

const consoleUrl = inject('consoleUrl').replace(/\/$/, '');
const dataDir = inject('dataDir');
/** the smallest there is: any shardlet that took some events is full, and should be rolled */
const TINY = 1_000;
const EVENTS = 50;

interface Recommendation {
  readonly id: number;
  readonly state: string;
  readonly proposal: { readonly action: string; readonly shardlets: readonly string[] };
}

let browser: BrowserContext;
beforeAll(async () => {
  browser = await openBrowser();
  await store();
});
afterEach(async () => {
  for (const page of browser.pages()) await page.close();
});
afterAll(async () => {
  await browser?.close();
  await foreshard('policy', 'rollback', '0');
  await foreshard('streams', 'alter', 'main', '--dedup-window', '15m');
});

async function foreshard(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await foreshardBeside(dataDir, ...args);
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

async function listed(...options: string[]): Promise<readonly Recommendation[]> {
  return JSON.parse(await foreshard('recommendations', 'list', ...options, '--json')).recommendations;
}

async function recommendedRolls(): Promise<Recommendation[]> {
  const open = await listed();
  return open.filter(({ proposal }) => proposal.action === 'roll');
}

/** Enough for two shardlets to be full of, and then the minute that counts them is over. */
async function store(): Promise<void> {
  const body = Array.from({ length: EVENTS }, (_, i) =>
    JSON.stringify({
      ...{ specversion: '1.0', id: `plan-${i}`, source: '/e2e/planning', type: 'plan.full' },
      ...{ subject: `plan-${i % 4}`, data: 'x'.repeat(300) },
    }),
  ).join('\n');
  const answer = await fetch(`${inject('edgeUrl').replace(/\/$/, '')}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', authorization: `Bearer ${inject('token')}` },
    body,
  });
  expect(answer.status).toBe(200);
}

/** As people do: what is refused because something else has changed meanwhile is approved once it is simulated anew. */
async function untilApproved(page: Page, press: () => Promise<void>): Promise<void> {
  const approved = page.getByText('Approved', { exact: true });
  const answered = page.getByText(/^(Approved|Not approved)/);
  await expect
    .poll(
      async () => {
        await press();
        await answered.first().waitFor();
        return approved.count();
      },
      { timeout: 60_000, interval: 3_000 },
    )
    .toBeGreaterThan(0);
}

/** The inbox, with the detail of its first roll. */
async function firstOpened(): Promise<Page> {
  await expect.poll(async () => (await recommendedRolls()).length, { timeout: 90_000 }).toBeGreaterThan(0);
  const { page } = await visit(browser, `${consoleUrl}/recommendations`);
  await page
    .getByRole('button', { name: /^Decide: Roll/ })
    .first()
    .click();
  return page;
}

describe('the policy', () => {
  it('is told how often it would have fired, and can be simulated before it is saved', async () => {
    const { page } = await visit(browser, `${consoleUrl}/policies`);
    const fired = page.getByRole('region', { name: 'Over the last 7 days' });
    await fired.getByText('A host is hot').waitFor();
    await page.getByLabel('events per second', { exact: true }).fill('1');
    await page.getByRole('link', { name: 'Simulate it now' }).click();
    await page.waitForURL(/what-if/);
    await page.getByText('policy: capacity.events_per_second = 1').waitFor();
    await page.getByRole('heading', { name: 'What would be recommended' }).waitFor();
  });

  it('says of a rule of placement how many hosts it leaves', async () => {
    const { page } = await visit(browser, `${consoleUrl}/policies`);
    await page.getByRole('button', { name: 'Add a rule' }).click();
    await page.getByLabel('Only on hosts with').fill('disk=nowhere');
    await page.getByText('No host has these labels').waitFor();
    await foreshard('hosts', 'describe', '1', '--label', 'disk=nowhere');
    await page.reload();
    await page.getByRole('button', { name: 'Add a rule' }).click();
    await page.getByLabel('Only on hosts with').fill('disk=nowhere');
    await page.getByText(/^1 of \d+ hosts$/).waitFor();
  });

  it('has scopes with a mode, criteria and windows of their own', async () => {
    const { page } = await visit(browser, `${consoleUrl}/policies`);
    await page.getByRole('button', { name: 'Add a scope' }).click();
    const scopes = page.getByRole('region', { name: 'Scopes' });
    await scopes.getByLabel('Shards').fill('60000');
    await scopes.getByText('shards: a number such as 3').waitFor();
    await scopes.getByLabel('Shards').fill('7-9');
    await scopes.getByLabel('Mode').selectOption('auto');
    await scopes.getByLabel('Bytes at most').fill('5');
    await scopes.getByLabel('Windows').fill('04:00-05:30 Europe/Berlin sat+sun');
    await page.getByRole('button', { name: 'Save 1 change' }).click();
    await page.getByText(/is active$/).waitFor();
    const scope = {
      ...{ stream: 'main', shards: [7, 9], mode: 'auto', auto: { max_bytes: 5 } },
      migration_window: [{ from: '04:00', to: '05:30', zone: 'Europe/Berlin', days: ['sat', 'sun'] }],
    };
    expect(JSON.parse(await foreshard('policy', 'show')).scopes).toEqual([scope]);
    await page.getByRole('button', { name: 'Remove scope 1' }).click();
    await page.getByRole('button', { name: 'Save 1 change' }).click();
    await scopes.getByText('No scopes').waitFor();
  });

  it('is changed in a form that knows its limits, and keeps what it was', async () => {
    const { page } = await visit(browser, `${consoleUrl}/policies`);
    await page.getByText('Ask', { exact: true }).click();
    const size = page.getByLabel('shardlet size', { exact: true });
    await size.fill('-3');
    await page.getByText('whole bytes, from 1 kB to 1 TiB').waitFor();
    await size.fill(`${TINY} B`);
    await page.getByLabel('cooldown', { exact: true }).fill('0');
    await page.getByLabel('Why').fill('a test');
    await page.getByRole('button', { name: 'Save 3 changes' }).click();
    await page.getByText(/Version \d+ is active/).waitFor();
    await page.getByText(/shardlet.shardlet_size: 10 MB → 1 kB/).waitFor();
  });

  it('that two people edit at once is saved by the first, and the other one loses nothing', async () => {
    const [{ page: ann }, { page: bob }] = [
      await visit(browser, `${consoleUrl}/policies`),
      await visit(browser, `${consoleUrl}/policies`),
    ];
    const field = (page: Page, name: string) => page.getByLabel(name, { exact: true });
    await field(ann, 'settle time').fill('60 min');
    await field(bob, 'churn penalty').fill('0.007');
    await ann.getByRole('button', { name: 'Save 1 change' }).click();
    await ann.getByText(/is active$/).waitFor();
    await bob.getByRole('button', { name: 'Save 1 change' }).click();
    const newer = bob.getByRole('region', { name: /saved version \d+ meanwhile/ });
    await newer.getByText('Theirs: 2 h → 1 h').waitFor();
    await bob.getByRole('button', { name: /^Put my changes on version/ }).click();
    expect(await field(bob, 'settle time').inputValue()).toBe('1');
    expect(await field(bob, 'churn penalty').inputValue()).toBe('0.007');
    await bob.getByRole('button', { name: 'Save 1 change' }).click();
    await bob.getByText(/rest.churn_penalty: 0.005 pressure → 0.007 pressure/).waitFor();
  });
});

describe('a cluster that is not ours', () => {
  it('is described by a CSV', async () => {
    await foreshard('policy', 'change', 'forecast.error_max=0');
    const minute = 60_000;
    const now = Math.floor(Date.now() / minute) * minute;
    const loads = { 'p-1': ['busy', 70], 'p-2': ['busy', 60], 'p-3': ['calm', 5] } as const;
    const rows = Object.entries(loads).flatMap(([partition, [host, load]]) =>
      Array.from(
        { length: 30 },
        // steady within the minutes that a plan stands on, and before them what no forecast is sure of
        (_, i) =>
          `${(now - (i + 1) * minute) / 1_000},${partition},${host},${load * (i < 10 || i % 3 > 0 ? 1 : 0.5)}`,
      ),
    );
    const [load, hosts] = [join(dataDir, 'shop.csv'), join(dataDir, 'shop-hosts.csv')];
    await writeFile(load, `time,partition,host,events_per_second\n${rows.join('\n')}\n`);
    await writeFile(hosts, 'host,events_per_second\nbusy,100\ncalm,100\n');
    expect(await foreshard('clusters', 'add', 'shop', '--csv', load, '--hosts', hosts)).toContain(
      '3 partitions',
    );
    const { page } = await visit(browser, `${consoleUrl}/clusters`);
    const card = page.getByRole('region', { name: 'shop' });
    await card.getByText('130 of 100/s, 130 %').waitFor();
    expect(await violations(page, { theme: 'light' })).toEqual([]);
  });
});

describe('recommendations', () => {
  it('are decided in the browser and carried out', async () => {
    await expect.poll(async () => (await recommendedRolls()).length, { timeout: 150_000 }).toBeGreaterThan(1);
    const { page } = await visit(browser, `${consoleUrl}/recommendations`);
    const open = async () => {
      const [first] = await recommendedRolls();
      await page.goto(`${consoleUrl}/recommendations`);
      const name = `Decide: Roll shardlet ${first!.proposal.shardlets[0]}`;
      await page.getByRole('button', { name, exact: true }).click({ timeout: 10_000 });
      return first!;
    };
    const patience = { timeout: 60_000, interval: 1_000 };
    let opened = await vi.waitFor(open, patience);
    const approve = page.getByRole('button', { name: 'Approve', exact: true });
    await untilApproved(page, async () => {
      // what has been replaced meanwhile cannot be approved any more
      if ((await approve.count()) === 0) opened = await vi.waitFor(open, patience);
      await approve.click();
    });
    await expect
      .poll(async () => JSON.parse(await foreshard('recommendations', 'show', String(opened.id))).state, {
        timeout: 30_000,
      })
      .toBe('done');
    await page.goto(`${consoleUrl}/recommendations?show=all`);
    await page
      .getByText(/made shardlet \d+/)
      .first()
      .waitFor();
  });

  it('are approved by an approver, with the keyboard alone', async () => {
    const email = 'pru@e2e.example';
    const password = 'four brisk herons at noon';
    const invited = await foreshard('users', 'invite', email, '--role', 'approver');
    const own = await openBrowser();
    try {
      const page = await own.newPage();
      await page.goto(/http\S+\/welcome#\S+/.exec(invited)![0]);
      for (const text of ['Pru', password, password]) {
        if (text === 'Pru') await page.getByLabel('Name').focus();
        else await page.keyboard.press('Tab');
        await page.keyboard.type(text);
      }
      await page.keyboard.press('Enter');
      await page.waitForURL(`${consoleUrl}/`);
      await expect
        .poll(async () => (await recommendedRolls()).length, { timeout: 90_000 })
        .toBeGreaterThan(0);
      const openFirst = async () => {
        await page.goto(`${consoleUrl}/recommendations`);
        await page
          .getByRole('button', { name: /^Decide: Roll/ })
          .first()
          .focus();
        await page.keyboard.press('Enter');
        await page.getByRole('dialog').waitFor();
      };
      await openFirst();
      const approve = page.getByRole('button', { name: 'Approve', exact: true });
      const isFocused = () => approve.evaluate((button) => button === document.activeElement);
      const press = async () => {
        // what has been replaced meanwhile cannot be approved any more
        if ((await approve.count()) === 0) await openFirst();
        for (let steps = 0; steps < 40 && !(await isFocused()); steps++) await page.keyboard.press('Tab');
        expect(await isFocused()).toBe(true);
        await page.keyboard.press('Enter');
      };
      await untilApproved(page, press);
      const rows = await listed('--all', '--limit', '1000');
      const bys = rows.map((row) => JSON.stringify(row)).filter((text) => text.includes(email));
      expect(bys.length).toBeGreaterThan(0);
    } finally {
      await own.close();
      await foreshard('users', 'remove', email);
    }
  });

  it('are refused when the topology has changed since they were seen, and can be decided anew', async () => {
    await foreshard('pause-all', '--reason', 'so that nothing else changes the topology store');
    try {
      const page = await firstOpened();
      await foreshard('streams', 'alter', 'main', '--dedup-window', '20m');
      await page.getByRole('button', { name: 'Approve' }).click();
      await page.getByText(/Not approved: .*topology/).waitFor();
    } finally {
      await foreshard('resume-all');
    }
  });

  it('are rejected with a reason, and taken out of the inbox', async () => {
    const page = await firstOpened();
    expect(await page.getByRole('button', { name: 'Reject' }).isDisabled()).toBe(true);
    await page.getByRole('dialog').getByLabel('Note').fill('not in the test');
    await page.getByRole('button', { name: 'Reject' }).click();
    await page.getByText('Rejected').waitFor();
    const rejected = await listed('--all', '--limit', '1000');
    expect(rejected.some(({ state }) => state === 'rejected')).toBe(true);
  });
});

describe('what if', () => {
  it('a host were lost: every host before and after, as a link, and nothing has changed', async () => {
    const { page } = await visit(browser, `${consoleUrl}/what-if`);
    await page.getByText('Nothing is supposed yet').waitFor();
    await page.getByLabel('What changes').selectOption({ label: 'a host is lost' });
    await page.getByLabel('Host', { exact: true }).selectOption({ index: 1 });
    await page.getByRole('button', { name: 'Suppose it' }).click();
    await page.getByText('lost', { exact: true }).waitFor();
    expect(decodeURIComponent(page.url())).toContain('lose-host');
    await page.getByRole('button', { name: /^Do not suppose/ }).click();
    await page.getByText('Nothing is supposed yet').waitFor();
    // the address follows what is shown
    await expect.poll(() => page.url()).not.toContain('suppose');
    await page.goBack();
    await page.getByText('lost', { exact: true }).waitFor();
    expect(JSON.parse(await foreshard('hosts', 'list', '--json')).hosts.every(isActive)).toBe(true);
  });
});

function isActive({ state }: { readonly state: string }): boolean {
  return state === 'active';
}

describe('a target of notifications', () => {
  it('inside this network is refused; another one gets a secret once, and its test is in the log', async () => {
    const { page } = await visit(browser, `${consoleUrl}/notifications`);
    await page.getByRole('button', { name: 'New target' }).click();
    await page.getByLabel('Name').fill('ops');
    await page.getByLabel('Address').fill('http://[::ffff:169.254.169.254]/latest');
    await page.getByRole('button', { name: 'Add the target' }).click();
    await page.getByText(/169.254.169.254 is not a public address/).waitFor();
    await page.getByLabel('Address').fill('https://hooks.invalid/ops');
    await page.getByRole('button', { name: 'Add the target' }).click();
    await page.getByText(/^whsec_/).waitFor();
    await page.getByRole('button', { name: 'I have kept it' }).click();
    await page.getByRole('button', { name: 'Send a test' }).click();
    await page.getByRole('button', { name: /^Test: this target/ }).click();
    await page.getByText(/ENOTFOUND|EAI_AGAIN/).waitFor();
    await page.keyboard.press('Escape');
    expect(await violations(page, { theme: 'light' })).toEqual([]);
    await foreshard('notifications', 'remove', 'ops');
  });
});

// by now it is planned for: forecasts are made, and then plans, once a minute each
describe('a cluster that has been described', () => {
  it('is advised on the console beside ours, by measured load while forecasts are unsure', async () => {
    const { page } = await visit(browser, `${consoleUrl}/clusters`);
    const card = page.getByRole('region', { name: 'shop' });
    await card.getByRole('link', { name: /recommendation/ }).click();
    await page.getByText('cluster shop').first().waitFor({ timeout: 60_000 });
    const plan = page.getByRole('region').filter({ hasText: 'cluster shop' }).first();
    const part = plan.getByRole('listitem').filter({ hasText: 'Move partition p-' }).first();
    await part.getByText('measured', { exact: true }).waitFor({ timeout: 120_000 });
    await part.getByRole('button', { name: /^Decide: Move partition p-/ }).click();
    await page.getByRole('dialog').getByText('measured', { exact: true }).waitFor();
    await page.goto(`${consoleUrl}/heat?stream=shop&span=1h`);
    await page.getByRole('application').waitFor();
    await foreshard('clusters', 'remove', 'shop');
  });
});

describe('a cluster that people describe on its page', () => {
  const now = Math.floor(Date.now() / 60_000);
  const minute = (ago: number) => new Date((now - ago) * 60_000).toISOString();
  const csv = (text: string) => ({ name: 'some.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
  const HEAD = 'time,partition,host,events_per_second';

  it('is added from files, told what is wrong with them by line, taken further, and forgotten', async () => {
    const { page } = await visit(browser, `${consoleUrl}/clusters`);
    await page.getByRole('button', { name: 'Add cluster' }).click();
    await page.getByLabel('Name').fill('depot');
    const add = page.getByRole('button', { name: 'Add the cluster' });
    expect(await add.isDisabled()).toBe(true);
    await page
      .getByLabel('Load of its partitions')
      .setInputFiles(csv(`${HEAD}\n${minute(9)},p-0,b-1,many\n`));
    await add.click();
    await page.getByText(/line 2: events_per_second: "many" is not a number/).waitFor();
    const lines = [9, 8, 7, 6].flatMap((ago) => [`${minute(ago)},p-0,b-1,90`, `${minute(ago)},p-1,b-2,5`]);
    await page.getByLabel('Load of its partitions').setInputFiles(csv([HEAD, ...lines].join('\n')));
    await page.getByLabel(/^What its hosts take/).setInputFiles(csv('host,events_per_second\nb-1,100\n'));
    expect(await violations(page, { theme: 'light' })).toEqual([]);
    await add.click();
    await page
      .getByText(/2 partitions on 2 hosts; 8 lines were new. What 1 of its hosts take is assumed/)
      .waitFor();
    const card = page.getByRole('region', { name: 'depot' });
    await card.getByText(/of 100\/s, 90 %/).waitFor();

    await card.getByRole('button', { name: 'Import newer load' }).click();
    await page
      .getByLabel('Load of its partitions')
      .setInputFiles(csv([HEAD, ...lines, `${minute(1)},p-0,b-1,50`].join('\n')));
    await page.getByRole('button', { name: 'Import it' }).click();
    await page.getByText(/depot is known further/).waitFor();
    await card.getByRole('button', { name: 'Change' }).click();
    await page.getByLabel('What its hosts take').setInputFiles(csv('host,events_per_second\nb-1,200\n'));
    await page.getByRole('button', { name: 'Change it' }).click();
    await card.getByText(/of 200\/s/).waitFor();

    await card.getByRole('button', { name: 'Remove depot' }).click();
    await page.getByRole('button', { name: 'Forget it' }).click();
    await card.waitFor({ state: 'detached' });
    expect(JSON.parse(await foreshard('clusters', 'list', '--json'))).toEqual({ clusters: [] });
  });
});
