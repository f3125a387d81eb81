import { processPrincipal } from '@foreshard/core/access';
import { request } from '@foreshard/core/adapters/outgoing-http';
import { callerOf, groups, tokens as tokenOperations } from '@foreshard/core/operations';
import { expect, it } from 'vitest';
import { EdgeClient } from '../edge/edge-client.ts';
import { type ConsoleStores, consoleHandlers } from './handlers.ts';

const CALLER = callerOf(processPrincipal('console'), { surface: 'console', address: '', requestId: '' });

it('the console creates no token, whoever asks', async () => {
  const created: unknown[] = [];
  const tokens = { create: async (order: unknown) => void created.push(order) };
  const edge = new EdgeClient({ edgeUrl: 'http://127.0.0.1:1', token: undefined }, request);
  const handlers = consoleHandlers({ tokens, notifications: {} } as unknown as ConsoleStores, edge);
  await expect(
    handlers.tokens.create(tokenOperations.create.input.parse({ name: 'mine', scopes: ['admin'] }), CALLER),
  ).rejects.toMatchObject({
    name: 'ForeshardError',
    code: 'forbidden',
  });
  expect(created).toEqual([]);
});

it('what needs hosts is asked of an edge, with the token of the console', async () => {
  const sent: unknown[] = [];
  const send = async (url: string, { method, headers }: { method?: string; headers?: object }) => {
    sent.push([method, url, headers]);
    return { status: 404, text: JSON.stringify({ code: 'unknown_group', detail: 'There is no group "g".' }) };
  };
  const edge = new EdgeClient({ edgeUrl: 'http://edge', token: 'fsh_x' }, send as unknown as typeof request);
  const handlers = consoleHandlers({ notifications: {} } as ConsoleStores, edge);
  await expect(handlers.groups.remove({ group: 'g' }, CALLER)).rejects.toMatchObject({
    code: 'unknown_group',
  });
  const path = groups.remove.http.path.replace('{group}', 'g');
  const headers = expect.objectContaining({ authorization: 'Bearer fsh_x' });
  expect(sent).toEqual([['DELETE', `http://edge${path}`, headers]]);
});
