/** Which failures of the driver and of Prisma say that the database is away, and in which words. */
import { describe, expect, it } from 'vitest';
import { DatabaseLate, databaseUnreachable, isConnectionFailure } from './database-unreachable.ts';

const URL = 'postgresql://somebody:secret@db.example:5432/foreshard';

function known(code: string, message = 'words', sqlstate?: string): Error {
  const cause = { kind: 'postgres', originalCode: sqlstate, originalMessage: 'of the server' };
  return Object.assign(new Error(message), { code, meta: { driverAdapterError: { cause } } });
}

const LATE: readonly Error[] = [
  known('P2024'),
  known('P2028', 'Transaction API error: Unable to start a transaction in the given time.'),
  known(
    'P2028',
    'Transaction API error: A query cannot be executed on an expired transaction. The timeout ...',
  ),
  known('P2010', 'Raw query failed', '57014'),
  known('P2010', 'Raw query failed', '55P03'),
  known('P2010', 'Raw query failed', '25P03'),
  known('P2010', 'Raw query failed', '25P04'),
  known('P2010', 'Raw query failed', '53300'),
  new Error('Invalid invocation:\n\nQuery read timeout'),
  new DatabaseLate('no answer within 6000 ms'),
];
const AWAY: readonly Error[] = [
  known('P1001'),
  known('P2010', 'Raw query failed', '57P01'),
  known('P2010', 'Raw query failed', '08006'),
  Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
  // raw SQL to a port where nobody listens
  Object.assign(new Error('Raw query failed. Code: `N/A`.'), {
    ...{ code: 'P2010', meta: { driverAdapterError: { cause: { kind: 'DatabaseNotReachable' } } } },
  }),
  // of the driver itself
  Object.assign(new Error('terminating connection due to administrator command'), { code: '57P01' }),
  new Error('timeout exceeded when trying to connect'),
];
const NOT_MIGRATED: readonly Error[] = ['TableDoesNotExist', 'ColumnNotFound'].map((kind) =>
  Object.assign(new Error('words'), {
    ...{ code: 'P2021', meta: { driverAdapterError: { cause: { kind, originalMessage: 'of the server' } } } },
  }),
);
const MISTAKES: readonly unknown[] = [
  known('P2002', 'Unique constraint failed', '23505'),
  known(
    'P2028',
    'Transaction API error: Transaction already closed: A query cannot be executed on a committed ...',
  ),
  known('P2028', 'Transaction API error: Transaction not found.'),
  known('P2034', 'deadlock', '40P01'),
  new Error('an answer to Query read timeout'),
  new TypeError('x is not a function'),
  null,
  undefined,
];

describe('a failure', () => {
  it.each(LATE)('that comes too late: %s', (error) => {
    expect(isConnectionFailure(error)).toBe(true);
    const { message } = databaseUnreachable(URL, error);
    expect(message).toMatch(/^PostgreSQL at db\.example:5432\/foreshard does not answer in time \(.+\)/);
    expect(message).not.toContain('secret');
  });

  it.each(AWAY)('of the connection: %s', (error) => {
    expect(isConnectionFailure(error)).toBe(true);
    expect(databaseUnreachable(URL, error).message).toContain('cannot be reached');
  });

  it.each(NOT_MIGRATED)('of a database that lacks migrations: %s', (error) => {
    expect(isConnectionFailure(error)).toBe(true);
    expect(databaseUnreachable(URL, error).message).toBe(
      'the database db.example:5432/foreshard lacks tables or columns of this release (of the server): apply its migrations with "foreshard migrate"',
    );
  });

  it.each(MISTAKES.map((error) => [error]))('of another kind: %s', (error) => {
    expect(isConnectionFailure(error)).toBe(false);
  });
});
