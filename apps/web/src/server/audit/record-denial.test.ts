import { EVERYWHERE, grantsOf } from '@foreshard/core/access';
import type { AuditEntry } from '@foreshard/core/audit';
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ADMINISTRATOR, callerOf, testConsole } from '../console.fixture.ts';
import { refusedTo } from '../identity/admitting.ts';

const { server: away, close } = testConsole();
afterAll(close);

let rows: { entry: AuditEntry; code: string; detail: string }[];
let people = 0;
const audit = {
  async denied(entry: AuditEntry, code: string, detail: string) {
    rows.push({ entry, code, detail });
  },
};
const server = { ...away, audit: audit as unknown as typeof away.audit };

beforeEach(() => {
  rows = [];
  vi.useFakeTimers({ now: Date.parse('2026-11-23T12:00:00Z') });
});
afterEach(() => vi.useRealTimers());

function viewer() {
  people += 1;
  const principal = {
    ...({ kind: 'person', id: `p-${people}`, name: `p${people}@example.org` } as const),
    grants: grantsOf([{ role: 'viewer', scope: EVERYWHERE }]),
  };
  return { ...ADMINISTRATOR, principal };
}

const page = (identity: typeof ADMINISTRATOR) =>
  expect(callerOf(server, {}, identity).events.page({ stream: 'main' })).rejects.toMatchObject({
    code: 'FORBIDDEN',
  });

it('a refused view is a row of who, where and what', async () => {
  const somebody = viewer();
  await page(somebody);
  expect(rows).toMatchObject([
    {
      entry: {
        ...{ principal: { name: somebody.principal.name }, operation: 'events.page', resource: 'view' },
        ...{ target: 'main', input: { permission: 'events:read' } },
        origin: { surface: 'console', address: '127.0.0.1', sessionId: 's' },
      },
      code: 'forbidden',
      detail: expect.stringContaining('events:read'),
    },
  ]);
});

it('is one row of each person and view in a minute, however often it is asked for', async () => {
  const [one, other] = [viewer(), viewer()];
  for (let i = 0; i < 5; i++) await page(one);
  await page(other);
  expect(rows).toHaveLength(2);
  await expect(callerOf(server, {}, one).clusters.detail({ name: 'x' })).rejects.toThrow();
  vi.advanceTimersByTime(60_000);
  await page(one);
  expect(rows.filter(({ entry }) => entry.operation === 'events.page')).toHaveLength(3);
});

it('of a download is a row as well, and refused also where it cannot be written', async () => {
  const asked = new Request('http://127.0.0.1/api/audit/export');
  const identity = viewer();
  const refusal = await refusedTo({ server, identity }, asked, 'audit.export', ['audit:read', {}]);
  expect(refusal?.status).toBe(403);
  expect(rows).toMatchObject([{ entry: { operation: 'audit.export' } }]);
  const fails = { ...server, audit: { denied: async () => Promise.reject(new Error('away')) } as never };
  const again = await refusedTo({ server: fails, identity: viewer() }, asked, 'a', ['audit:read', {}]);
  expect(again?.status).toBe(403);
});
