import { audit } from '@foreshard/core/operations';
import { z } from 'zod';
import { auditExport, FORMATS } from '../../../../server/audit/export.ts';
import { recordReading } from '../../../../server/audit/record-reading.ts';
import { admitted, refusedTo } from '../../../../server/identity/admitting.ts';
import { lastingAnswer } from '../../../../server/identity/lasting-answer.ts';

export const dynamic = 'force-dynamic';

/** Every record that fits, as a file. */
export async function GET(request: Request): Promise<Response> {
  const entered = await admitted(request);
  if (entered instanceof Response) return entered;
  const refusal = await refusedTo(entered, request, 'audit.export', ['audit:read', {}]);
  if (refusal !== undefined) return refusal;
  const { format = 'ndjson', ...given } = Object.fromEntries(new URL(request.url).searchParams);
  const asked = z.enum(FORMATS).safeParse(format);
  const filter = audit.list.input.omit({ cursor: true, limit: true }).safeParse(given);
  if (!asked.success || !filter.success) {
    const error = asked.error ?? filter.error!;
    return new Response(`${z.prettifyError(error)}\n`, { status: 400 });
  }
  const { from, to, ...rest } = filter.data;
  const { server, identity } = entered;
  const reading = { operation: 'audit.export', resource: 'audit log', target: asked.data } as const;
  await recordReading({ server, identity, headers: request.headers }, { ...reading, input: filter.data });
  const time = (text: string | undefined) => (text === undefined ? undefined : new Date(text));
  const question = { ...rest, from: time(from), to: time(to) };
  return lastingAnswer(
    { server, identity, headers: request.headers },
    request,
    ['audit:read', {}],
    (ending) => auditExport(server.audit, question, asked.data, ending),
  );
}
