/**
 * The one place where operations are carried out, whichever surface was asked: it judges the permission, has the
 * handler do it, and records both. A command has a row before its handler runs, so nothing changes without a trace;
 * where the row cannot be written, nothing is carried out.
 *
 *   not permitted        -> denied
 *   command, row written -> started -> handler -> done | failed | denied
 *   query, dry run       -> handler
 *   query of a payload   -> handler -> done, where the payload was given
 *
 * Whose a thing is only its handler knows: what belongs to another is denied by that.
 *
 * A row that started and has no end is of a process that died, or lost the database, in between. Decisions about the
 * topology and changes in PostgreSQL name the row, so a worker finds that it was carried out; else it is not known.
 */
import { mentions } from '../../access/index.ts';
import { type AuditEntry, type AuditResult, type AuditWriter, Repeats } from '../../audit/index.ts';
import { ForeshardError } from '../../kernel/index.ts';
import { forbidden, requireAllowed } from '../allowing.ts';
import type { Caller } from '../caller.ts';
import type { AnyOperation, Handler, Handlers, InputOf, OperationTable, OutputOf } from '../operation.ts';
import { recorded, recordedText } from '../recorded.ts';
import { asForeshardError } from './refusals.ts';

export interface OperationRunnerParts<T extends OperationTable> {
  readonly table: T;
  readonly handlers: Handlers<T>;
  readonly audit: AuditWriter;
  readonly nowMs: () => number;
  /** a row could not be written although what it is about has happened */
  readonly warn: (message: string, error: unknown) => void;
}

export class OperationRunner<T extends OperationTable = OperationTable> {
  readonly table: T;
  private readonly parts: OperationRunnerParts<T>;
  private readonly denials = new Repeats();

  constructor(parts: OperationRunnerParts<T>) {
    this.parts = parts;
    this.table = parts.table;
  }

  /**
   * Before its input is read: does the caller hold the permission at all, wherever it is limited to? Owners need none.
   * @throws ForeshardError forbidden
   */
  async requireMentioned(operation: AnyOperation, caller: Caller): Promise<void> {
    const { principal } = caller;
    if (operation.owned === true || mentions(principal.grants, operation.permission)) return;
    await this.denied(operation, {}, caller, forbidden(principal, operation.permission));
  }

  /** @throws ForeshardError of the contract, forbidden, or store_unreachable where it cannot be recorded */
  async run<O extends AnyOperation>(operation: O, input: InputOf<O>, caller: Caller): Promise<OutputOf<O>> {
    try {
      requireAllowed(operation, input, caller.principal);
    } catch (error) {
      await this.denied(operation, input, caller, error as ForeshardError);
    }
    if (operation.audit === 'payload') return this.read(operation, input, caller);
    if (operation.audit === 'never' || caller.dryRun) return this.unrecorded(operation, input, caller);
    const entry = entryOf(operation, input, caller);
    const startedId = await this.started(entry);
    const noted: Pick<AuditResult, 'before' | 'after'>[] = [];
    const note: Caller['note'] = (change) => void noted.push(change);
    let output: OutputOf<O>;
    try {
      const named = { ...caller, note, auditRow: startedId };
      output = await this.parts.audit.during(startedId, () => this.carriedOut(operation, input, named));
    } catch (error) {
      const outcome = isDenial(error) ? 'denied' : 'failed';
      await this.ended(startedId, entry, { outcome, ...refusalIn(error) });
      throw error;
    }
    const change = Object.assign({ after: output }, ...noted);
    await this.ended(startedId, entry, { outcome: 'done', ...keptChange(change, operation) });
    return output;
  }

  /** Reading goes on where it cannot be recorded: the event is elsewhere, and is read for what has failed. */
  private async read<O extends AnyOperation>(
    operation: O,
    input: InputOf<O>,
    caller: Caller,
  ): Promise<OutputOf<O>> {
    const output = await this.unrecorded(operation, input, caller);
    const { payload = '' } = operation;
    if ((output as Readonly<Record<string, unknown>>)[payload] === null) return output;
    await this.parts.audit
      .done(entryOf(operation, input, caller))
      .catch((error: unknown) => this.parts.warn(`the audit log has no row of ${operation.name}`, error));
    return output;
  }

  private async unrecorded<O extends AnyOperation>(
    operation: O,
    input: InputOf<O>,
    caller: Caller,
  ): Promise<OutputOf<O>> {
    try {
      return await this.carriedOut(operation, input, caller);
    } catch (error) {
      if (isDenial(error)) await this.denied(operation, input, caller, error);
      throw error;
    }
  }

  private async carriedOut<O extends AnyOperation>(
    operation: O,
    input: InputOf<O>,
    caller: Caller,
  ): Promise<OutputOf<O>> {
    const [router = '', name = ''] = operation.name.split('.');
    const handler = (this.parts.handlers as Handlers<OperationTable>)[router]![name]! as Handler<O>;
    try {
      return await handler(input, caller);
    } catch (error) {
      throw asForeshardError(error);
    }
  }

  private async started(entry: AuditEntry): Promise<string> {
    try {
      return await this.parts.audit.started(entry);
    } catch (cause) {
      const error = asForeshardError(cause);
      if (!isRefusal(error)) throw error;
      const { retryAfterSeconds } = error;
      throw new ForeshardError(
        'store_unreachable',
        'PostgreSQL does not answer, where every order is recorded before it is carried out: nothing was changed.',
        { retryAfterSeconds, cause },
      );
    }
  }

  /** It has happened: that it is not recorded is no failure of the order. */
  private async ended(startedId: string, entry: AuditEntry, result: AuditResult): Promise<void> {
    try {
      await this.parts.audit.completed(startedId, entry, result);
    } catch (error) {
      this.parts.warn(
        `the audit log has no end of row ${startedId}: ${entry.operation} ${result.outcome}`,
        error,
      );
    }
  }

  /** @throws the refusal, always: a denial holds, recorded or not */
  private async denied(
    operation: AnyOperation,
    input: unknown,
    caller: Caller,
    refusal: ForeshardError,
  ): Promise<never> {
    if (!this.isRepeated(operation, caller)) {
      const { code, message } = refusal;
      await this.parts.audit
        .denied(entryOf(operation, input, caller), code, recordedText(message))
        .catch((error: unknown) =>
          this.parts.warn(`the audit log has no row of a denied ${operation.name}`, error),
        );
    }
    throw refusal;
  }

  private isRepeated({ kind, name }: AnyOperation, { principal }: Caller): boolean {
    if (kind === 'command') return false;
    return this.denials.isRepeated(`${principal.kind} ${principal.id} ${name}`, this.parts.nowMs());
  }
}

function entryOf(operation: AnyOperation, input: unknown, { principal, origin }: Caller): AuditEntry {
  const { name, resource } = operation;
  const kept = recorded(input, operation);
  const given = (kept ?? {}) as Readonly<Record<string, unknown>>;
  return {
    ...{ principal, origin, operation: name, resource },
    ...{ target: targetIn(given), reason: reasonIn(given), input: kept },
  };
}

/** Members that name what an operation is about, the most telling first. */
const NAMING = [
  ...['name', 'group', 'stream', 'cluster', 'host', 'shardlet', 'shardlets', 'migration'],
  ...['recommendation', 'plan', 'requests', 'version', 'token', 'person', 'email', 'session', 'subject'],
  ...['job', 'id', 'url', 'to'],
];
const TARGET_CHARS_MAX = 200;

function targetIn(given: Readonly<Record<string, unknown>>): string {
  const member = NAMING.find((one) => given[one] !== undefined && given[one] !== null);
  if (member === undefined) return '';
  return textOf(given[member]).slice(0, TARGET_CHARS_MAX).toWellFormed();
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(', ');
  if (typeof value !== 'object' || value === null) return String(value);
  const { recommendation, name = recommendation } = value as Record<string, unknown>;
  return name === undefined ? JSON.stringify(value) : String(name);
}

function reasonIn({ reason, note, because }: Readonly<Record<string, unknown>>): string {
  const found = [reason, note, because].find((one) => typeof one === 'string');
  return (found as string | undefined) ?? '';
}

/** By name: a bundler may have made a second class of it. */
function isRefusal(error: unknown): error is ForeshardError {
  return (error as Error | null)?.name === 'ForeshardError';
}

function isDenial(error: unknown): error is ForeshardError {
  return isRefusal(error) && error.code === 'forbidden';
}

function refusalIn(error: unknown): Pick<AuditResult, 'code' | 'detail'> {
  if (isRefusal(error)) return { code: error.code, detail: recordedText(error.message) };
  // what it says may hold what nobody may read
  return { code: 'internal', detail: `unexpected fault: ${(error as Error | null)?.name ?? 'unknown'}` };
}

function keptChange(
  { before, after }: Pick<AuditResult, 'before' | 'after'>,
  operation: AnyOperation,
): Pick<AuditResult, 'before' | 'after'> {
  return {
    ...(before === undefined ? {} : { before: recorded(before, operation) }),
    ...(after === undefined ? {} : { after: recorded(after, operation) }),
  };
}
