import type { AuditQuestion, AuditReader, AuditRecord } from '@foreshard/core/audit';
import { beforeEach, describe, expect, it } from 'vitest';
import { type AuditFormat, auditExport } from './export.ts';

/** As export.ts reads them. */
const PAGE = 500;
const AT = new Date('2026-11-24T12:00:00Z');

let records: AuditRecord[];
let asked: AuditQuestion[];

beforeEach(() => {
  records = [];
  asked = [];
});

/** The newest first. */
const log: AuditReader = {
  async list(question: AuditQuestion) {
    asked.push(question);
    const { before, limit } = question;
    const older = records.filter(({ id }) => before === undefined || Number(id) < Number(before));
    return older.slice(0, limit);
  },
  show: async () => undefined,
};

function record(id: number, more: Partial<AuditRecord> = {}): AuditRecord {
  return {
    ...{ id: String(id), startedId: undefined, at: AT, endedAt: AT, outcome: 'done', actorKind: 'person' },
    ...{ actorId: 'p-1', actor: 'ada@example.org', sessionId: undefined, address: '192.0.2.1' },
    ...{ surface: 'console', operation: 'hosts.drain', resource: 'host', target: '1', requestId: 'r' },
    ...{ reason: '', input: { host: 1 }, code: undefined, detail: undefined, before: undefined },
    ...{ after: undefined, seal: undefined, ...more },
  };
}

const many = (count: number) => Array.from({ length: count }, (_, i) => record(count - i));

/** By RFC 4180, by the names in the first line. */
function rowsOf(csv: string): Record<string, string>[] {
  const cell = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r\n|$)/y;
  const lines: string[][] = [[]];
  while (cell.lastIndex < csv.length) {
    const [, text = '', end] = cell.exec(csv)!;
    lines.at(-1)!.push(text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text);
    if (end === '\r\n') lines.push([]);
  }
  const [head, ...rows] = lines.filter((line) => line.length > 0);
  return rows.map((row) => Object.fromEntries(head!.map((name, i) => [name, row[i]!])));
}

function exported(format: AuditFormat, signal = new AbortController().signal): Response {
  return auditExport(log, { actor: 'ada@example.org' }, format, signal);
}

describe.each(['ndjson', 'csv'] as const)('an export as %s', (format) => {
  const idsOf = (text: string): string[] =>
    format === 'csv'
      ? rowsOf(text).map(({ id }) => id!)
      : text.split('\n').flatMap((line) => (line === '' ? [] : (JSON.parse(line) as { id: string }).id));

  it.each([0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 3 * PAGE + 7])(
    'has every record of %i once, page by page',
    async (count) => {
      records = many(count);
      const text = await exported(format).text();
      expect(idsOf(text)).toEqual(records.map(({ id }) => id));
      expect(asked.map(({ before, limit, actor }) => [before, limit, actor])).toEqual(
        Array.from({ length: Math.floor(count / PAGE) + 1 }, (_, page) => [
          ...[page === 0 ? undefined : String(count - page * PAGE + 1), PAGE, 'ada@example.org'],
        ]),
      );
    },
  );

  it('is a file that nobody keeps on the way', () => {
    const { headers } = exported(format);
    expect(headers.get('content-disposition')).toBe(`attachment; filename="audit.${format}"`);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-type')).toMatch(format === 'csv' ? 'text/csv' : 'application/x-ndjson');
  });

  it('is broken off, and not ended, where the log fails or nobody reads any more', async () => {
    records = many(2 * PAGE);
    const fails = { list: async () => Promise.reject(new Error('away')) } as unknown as AuditReader;
    const { signal } = new AbortController();
    await expect(auditExport(fails, {}, format, signal).text()).rejects.toThrow('away');
    const leaving = new AbortController();
    const reader = exported(format, leaving.signal).body!.getReader();
    await reader.read();
    leaving.abort();
    await expect(reader.read()).rejects.toThrow();
    expect(asked).toHaveLength(1);
  });

  it('reads a page only when it is asked for', async () => {
    records = many(3 * PAGE);
    const reader = exported(format).body!.getReader();
    expect(asked).toEqual([]);
    await reader.read();
    expect(asked).toHaveLength(1);
    await reader.cancel();
  });
});

it('a line of NDJSON is the record as the API shows it', async () => {
  records = [record(7, { before: { zone: 'a' }, after: { zone: 'b' }, seal: 3, code: 'conflict' })];
  expect(JSON.parse(await exported('ndjson').text())).toMatchObject({
    ...{ id: '7', at: AT.toISOString(), operation: 'hosts.drain', input: { host: 1 }, session: null },
    ...{ before: { zone: 'a' }, after: { zone: 'b' }, seal: 3, code: 'conflict' },
  });
});

describe('in a CSV', () => {
  const cells = async (more: Partial<AuditRecord>) => {
    records = [record(1, more)];
    const [row] = rowsOf(await exported('csv').text());
    return row!;
  };

  it.each(['=HYPERLINK("http://evil","x")', '+1', '-1+cmd|x', '@SUM(A1)', '\t=1', '\r=1'])(
    'no text that others wrote is a formula: %j',
    async (text) => {
      const row = await cells({ reason: text, target: text, actor: text, detail: text });
      for (const member of ['reason', 'target', 'actor', 'detail']) expect(row[member]).toBe(`'${text}`);
    },
  );

  it('quotes, commas and lines stay in their cell, and documents are JSON', async () => {
    const reason = 'a "b", c\r\nd,e';
    const row = await cells({ reason, before: { key: '=1+1' }, after: ['=x'] });
    expect(row).toMatchObject({ reason, input: '{"host":1}', before: '{"key":"=1+1"}', after: '["=x"]' });
    expect(row).toMatchObject({ code: '', seal: '', session: '' });
  });

  it('a document that is a text alone is no formula either', async () => {
    expect((await cells({ before: '=1+1' })).before).toBe("'=1+1");
  });
});
