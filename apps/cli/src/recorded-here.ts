/**
 * What a command does on the stores itself, and is no operation of the table: recorded as operations are, with a row
 * before it is carried out and one after it. Where the first cannot be written, nothing is carried out.
 */
import { randomUUID } from 'node:crypto';
import { processPrincipal } from '@foreshard/core/access';
import type { AuditEntry, AuditResult, AuditWriter } from '@foreshard/core/audit';
import { ForeshardError } from '@foreshard/core/kernel';
import { recorded, recordedText } from '@foreshard/core/operations';
import { operatorHere } from './composition.ts';
import { CommandFailure } from './failure.ts';
import { note } from './output.ts';

/** Without secrets. */
export interface DirectAction {
  /** `users.link`, as the same is called where an edge carries it out */
  readonly operation: string;
  readonly resource: string;
  readonly target: string;
  readonly input: object;
  readonly before?: unknown;
}

/** `after`: what is kept of the result, without secrets. */
export async function recordedHere<T>(
  audit: AuditWriter,
  { before, input, ...action }: DirectAction,
  work: () => Promise<T>,
  after: (result: T) => unknown,
): Promise<T> {
  const entry: AuditEntry = {
    ...{ ...action, reason: '', input: recorded(input), principal: processPrincipal(operatorHere()) },
    origin: { surface: 'command line', address: '', requestId: randomUUID() },
  };
  const id = await audit.started(entry);
  let result: T;
  try {
    result = await audit.during(id, work);
  } catch (error) {
    await ended(audit, id, entry, { outcome: 'failed', ...refusalIn(error) });
    throw error;
  }
  const was = before === undefined ? {} : { before: recorded(before) };
  await ended(audit, id, entry, { outcome: 'done', ...was, after: recorded(after(result)) });
  return result;
}

/** It has happened, whether its end can be recorded or not. */
async function ended(audit: AuditWriter, id: string, entry: AuditEntry, result: AuditResult): Promise<void> {
  await audit.completed(id, entry, result).catch((error: Error) => {
    note(`foreshard: the audit log has no end of row ${id}: ${error.message}`);
  });
}

function refusalIn(error: unknown): Pick<AuditResult, 'code' | 'detail'> {
  if (error instanceof ForeshardError) return { code: error.code, detail: recordedText(error.message) };
  if (error instanceof CommandFailure)
    return { code: error.document.code, detail: recordedText(error.message) };
  // what it says may hold what nobody may read
  return { code: 'internal', detail: `unexpected fault: ${(error as Error | null)?.name ?? 'unknown'}` };
}
