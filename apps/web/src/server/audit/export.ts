/** All records that fit as a file, page by page: it takes the memory of one page, and a cut file is a broken connection. */
import type { AuditQuestion, AuditReader } from '@foreshard/core/audit';
import { auditEntryDocument } from '@foreshard/core/operations/handlers';
import { csvLine } from '../../formatting/csv.ts';

export const FORMATS = ['ndjson', 'csv'] as const;
export type AuditFormat = (typeof FORMATS)[number];

type Entry = ReturnType<typeof auditEntryDocument>;

const PAGE = 500;
const COLUMNS = [
  ...(['at', 'endedAt', 'actor', 'actorKind', 'operation', 'resource', 'target', 'outcome', 'code'] as const),
  ...(['reason', 'detail', 'surface', 'address', 'session', 'requestId', 'id', 'seal'] as const),
  ...(['input', 'before', 'after'] as const),
] satisfies readonly (keyof Entry)[];

export function auditExport(
  log: AuditReader,
  question: Omit<AuditQuestion, 'limit' | 'before'>,
  format: AuditFormat,
  signal: AbortSignal,
): Response {
  const encoder = new TextEncoder();
  const lineOf = format === 'csv' ? csvOf : ndjsonOf;
  let before: string | undefined;
  let head = format === 'csv' ? csvLine([...COLUMNS]) : '';
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        signal.throwIfAborted();
        const records = await log.list({ ...question, before, limit: PAGE });
        before = records.at(-1)?.id;
        const lines = head + records.map((one) => lineOf(auditEntryDocument(one))).join('');
        head = '';
        if (lines !== '') controller.enqueue(encoder.encode(lines));
        if (records.length < PAGE) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, {
    headers: {
      'content-type': format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson',
      'content-disposition': `attachment; filename="audit.${format}"`,
      'cache-control': 'no-store',
    },
  });
}

function ndjsonOf(entry: Entry): string {
  return `${JSON.stringify(entry)}\n`;
}

function csvOf(entry: Entry): string {
  return csvLine(
    COLUMNS.map((column) => {
      const value = entry[column];
      if (value === null) return '';
      return typeof value === 'string' || typeof value === 'number' ? value : JSON.stringify(value);
    }),
  );
}
