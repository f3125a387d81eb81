import { processPrincipal } from '@foreshard/core/access';
import type { request } from '@foreshard/core/adapters/outgoing-http';
import { callerOf, groups } from '@foreshard/core/operations';
import { expect, it } from 'vitest';
import { EdgeClient } from '../edge/edge-client.ts';
import { type ConsoleStores, consoleHandlers } from './handlers.ts';

const ORIGIN = { surface: 'console', address: '192.0.2.7', requestId: '', sessionId: 's-1' } as const;
const CALLER = callerOf(processPrincipal('console'), ORIGIN);

it('what needs hosts is asked of an edge, as who asks the console', async () => {
  const sent: unknown[] = [];
  const send = async (url: string, { method, headers }: { method?: string; headers?: object }) => {
    sent.push([method, url, headers]);
    return { status: 404, text: JSON.stringify({ code: 'unknown_group', detail: 'There is no group "g".' }) };
  };
  const edge = new EdgeClient(
    'http://edge',
    send as unknown as typeof request,
    async ({ name }, { address, sessionId }) => `for-${name}-${address}-${sessionId}`,
  );
  const handlers = consoleHandlers({ notifications: {} } as ConsoleStores, edge);
  await expect(handlers.groups.remove({ group: 'g' }, CALLER)).rejects.toMatchObject({
    code: 'unknown_group',
  });
  const path = groups.remove.http.path.replace('{group}', 'g');
  const headers = expect.objectContaining({ authorization: 'Bearer for-console-192.0.2.7-s-1' });
  expect(sent).toEqual([['DELETE', `http://edge${path}`, headers]]);
  // another network, within the half minute in which one is used again
  const moved = callerOf(CALLER.principal, { ...ORIGIN, address: '192.0.2.8' });
  await handlers.groups.remove({ group: 'g' }, moved).catch(() => {});
  expect(sent[1]).toMatchObject({ 2: { authorization: 'Bearer for-console-192.0.2.8-s-1' } });
});
