/** In which words and codes the console hands on what the topology store refuses, and that it is away. */
import { processPrincipal } from '@foreshard/core/access';
import { TRPCError } from '@trpc/server';
import { describe, expect, it } from 'vitest';
import { ordering, query, refused, router } from './trpc.ts';

const identity = {
  ...{
    principal: processPrincipal('test'),
    displayName: undefined,
    roles: [],
    isProvided: false,
    sessionId: undefined,
    readOnly: false,
  },
};
const server = { map: {}, metrics: { answered: () => undefined } } as never;
const context = { server, headers: new Headers(), identity };

function throwing(error: Error) {
  const fail = () => {
    throw error;
  };
  return router({ read: query.query(fail), order: ordering([], {}).mutation(fail) }).createCaller(context);
}

describe('a procedure', () => {
  it.each(['read', 'order'] as const)('to %s tells that PostgreSQL is away as such', async (call) => {
    const away = Object.assign(new Error('PostgreSQL at db does not answer in time'), {
      name: 'DatabaseUnreachable',
    });
    await expect(throwing(away)[call]()).rejects.toMatchObject({
      ...{ code: 'SERVICE_UNAVAILABLE', message: 'PostgreSQL at db does not answer in time' },
    });
  });

  it('leaves other failures as they are', async () => {
    await expect(throwing(new Error('a fault')).read()).rejects.toMatchObject({
      code: 'INTERNAL_SERVER_ERROR',
    });
    const found = new TRPCError({ code: 'NOT_FOUND', message: 'none' });
    await expect(throwing(found).order()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

it('an order during a restore is a conflict, with what to do', () => {
  const refusal = { reason: 'unexamined', detail: 'run "foreshard doctor --after-restore"' } as const;
  expect(refused(refusal)).toMatchObject({ code: 'CONFLICT', message: refusal.detail });
});
