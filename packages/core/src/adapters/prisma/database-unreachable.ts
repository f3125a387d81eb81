/**
 * One clear line for the commonest failures of all: PostgreSQL cannot be reached, or not with these
 * credentials, or it answers too late, or it has not been migrated. It names address and database, never the
 * password.
 */

export class DatabaseUnreachable extends Error {
  override readonly name = 'DatabaseUnreachable';
}

export function databaseUnreachable(databaseUrl: string, cause: unknown): DatabaseUnreachable {
  const address = addressOf(databaseUrl);
  const message = isNotMigrated(cause)
    ? `the database ${address} lacks tables or columns of this release (${reasonOf(cause)}): apply its migrations with "foreshard migrate"`
    : isLate(cause)
      ? `PostgreSQL at ${address} does not answer in time (${reasonOf(cause)}): it hangs, or is overloaded or locked`
      : `PostgreSQL at ${address} cannot be reached (${reasonOf(cause)}): check DATABASE_URL`;
  return new DatabaseUnreachable(message, { cause });
}

/** What Prisma's errors carry of the driver's. */
interface DriverCause {
  readonly kind?: string;
  readonly originalCode?: string;
  readonly originalMessage?: string;
}

/** A fresh database, and one of an older release. */
const NOT_MIGRATED_KINDS: ReadonlySet<string> = new Set(['TableDoesNotExist', 'ColumnNotFound']);

/** The same as codes of P1xxx: a query in raw SQL has P2010 whatever is wrong. */
const AWAY_KINDS: ReadonlySet<string> = new Set([
  ...['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout', 'TlsConnectionError'],
  ...['AuthenticationFailed', 'DatabaseAccessDenied', 'DatabaseDoesNotExist', 'TooManyConnections'],
]);

/** Our own deadline, where nothing else ends the waiting. */
export class DatabaseLate extends Error {
  override readonly name = 'DatabaseLate';
}

/** Prisma's own, of its pool. Those of its transactions are told apart by words. */
const LATE_CODE = 'P2024';
/** Other P2028 are our own mistakes, such as a query after the commit. */
const LATE_TRANSACTION = /Unable to start a transaction in the given time|on an expired transaction/;
/** SQLSTATEs of a statement, a lock or a transaction that took longer than we allow, and of a full server. */
const LATE_SQLSTATES: ReadonlySet<string> = new Set(['57014', '55P03', '25P03', '25P04', '53300']);
const LATE_WORDS = /(^|\n)Query read timeout/;

/** SQLSTATE classes: connection exceptions, and a server that starts, stops or ended the session. */
const CONNECTION_SQLSTATES = /^(08|57P0)/;
/** Prisma's own: P1xxx are about reaching the server and getting in. */
const CONNECTION_CODES = /^P1/;
/** Of the socket below the driver. */
const SOCKET_CODES = /^(ECONN|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE|EAI_)/;
/** The driver's own failures have words only: no connection came in time, or it broke under a query. */
const CONNECTION_WORDS =
  /(^|\n)(timeout exceeded when trying to connect|Connection terminated|Client (has encountered a connection error|was closed) and is not queryable)/;

/** Also a missing table or column, and an answer that comes too late: to those who call, the database is as good as away. */
export function isConnectionFailure(error: unknown): boolean {
  if (isLate(error)) return true;
  const code = (error as { code?: unknown } | null)?.code;
  const codes = [CONNECTION_CODES, SOCKET_CODES, CONNECTION_SQLSTATES];
  if (typeof code === 'string' && codes.some((one) => one.test(code))) return true;
  if (error instanceof Error && CONNECTION_WORDS.test(error.message)) return true;
  if (AWAY_KINDS.has(driverCause(error)?.kind ?? '')) return true;
  return CONNECTION_SQLSTATES.test(driverCause(error)?.originalCode ?? '') || isNotMigrated(error);
}

function isLate(error: unknown): boolean {
  if (error instanceof DatabaseLate) return true;
  const { code, message = '' } = (error ?? {}) as { code?: unknown; message?: string };
  if (code === LATE_CODE || (code === 'P2028' && LATE_TRANSACTION.test(message))) return true;
  return LATE_WORDS.test(message) || LATE_SQLSTATES.has(driverCause(error)?.originalCode ?? '');
}

function isNotMigrated(error: unknown): boolean {
  return NOT_MIGRATED_KINDS.has(driverCause(error)?.kind ?? '');
}

function driverCause(error: unknown): DriverCause | undefined {
  const meta = (error as { meta?: { driverAdapterError?: { cause?: DriverCause } } } | null)?.meta;
  return meta?.driverAdapterError?.cause;
}

function addressOf(databaseUrl: string): string {
  if (!URL.canParse(databaseUrl)) return 'an address that is not a URL';
  const { host, pathname } = new URL(databaseUrl);
  return `${host}${pathname}`;
}

/** A refused connection to a name with two addresses is an AggregateError without a message. */
function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0]);
  const driverMessage = driverCause(cause)?.originalMessage;
  if (driverMessage !== undefined) return driverMessage;
  // Prisma puts the call in front, on lines of its own
  return cause instanceof Error ? cause.message.trim().split('\n').at(-1)! : String(cause);
}
