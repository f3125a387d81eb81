/**
 * Gives an operation of the table to an edge, with the token of FORESHARD_TOKEN or credentials.json. With `--direct`
 * the command carries it out itself on the control plane's stores: break-glass, for when no edge runs.
 */
import { randomUUID } from 'node:crypto';
import { processPrincipal } from '@foreshard/core/access';
import { ERRORS, type ErrorCode, ForeshardError } from '@foreshard/core/kernel';
import {
  type AnyOperation,
  callerOf,
  type InputOf,
  judgedInput,
  OPERATIONS,
  type OutputOf,
  requestOf,
} from '@foreshard/core/operations';
import type { Command } from 'commander';
import type { z } from 'zod';
import { operationStores, operatorHere, request } from '../composition.ts';
import { edgeAccess } from '../credentials.ts';
import { withControl } from '../deciding.ts';
import { CommandFailure, EXIT_BAD_INPUT, EXIT_FAILURE } from '../failure.ts';
import { writeErr } from '../output.ts';

const ANSWER_TIMEOUT_MS = 60_000;
const ON_THE_WAY_MS = 10_000;
const ANSWER_BYTES_MAX = 100_000_000;

/** Options of every command that gives an operation. */
export interface OperationOptions {
  readonly json: boolean;
  readonly direct: boolean;
  readonly dryRun?: boolean;
}

const GIVEN_BY = new WeakMap<Command, readonly AnyOperation[]>();

/** The operations that a command gives. */
export function operationsOf(command: Command): readonly AnyOperation[] {
  return GIVEN_BY.get(command) ?? [];
}

/** Adds `--json`, `--direct` and, where the operation can be tried, `--dry-run`. `also`: what it gives besides. */
export function operating(command: Command, operation: AnyOperation, ...also: AnyOperation[]): Command {
  GIVEN_BY.set(command, [operation, ...also]);
  if (operation.dryRun)
    command.option('--dry-run', 'report what would be decided, and change nothing', false);
  return command
    .option('--json', 'print one JSON document', false)
    .option('--direct', 'break-glass: act on the database of DATABASE_URL, without an edge', false);
}

/** @throws CommandFailure */
export async function runOperation<O extends AnyOperation>(
  operation: O,
  input: z.input<O['input']>,
  { direct, ...options }: OperationOptions,
): Promise<OutputOf<O>> {
  // commands ask other operations on their way, with the same options
  const dryRun = operation.dryRun && options.dryRun === true;
  return refusing(async () => {
    const judged = judgedInput(operation, input);
    return direct ? runDirectly(operation, judged, dryRun) : runAtEdge(operation, input, dryRun);
  });
}

/** A refusal ends the command in the same way wherever it was decided. @throws CommandFailure */
export async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ForeshardError)) throw error;
    const { code, message, pointer, places } = error;
    throw failureOf(code, message, pointer ?? places?.[0]?.pointer);
  }
}

async function runAtEdge<O extends AnyOperation>(
  operation: O,
  input: z.input<O['input']>,
  dryRun: boolean,
): Promise<OutputOf<O>> {
  const { edgeUrl, token } = edgeAccess();
  const { method, path, body } = requestOf(operation, input, dryRun);
  const answer = await request(`${edgeUrl}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': body.mediaType }),
    },
    ...(body === undefined ? {} : { body: body.text }),
    ...{ timeoutMs: timeoutOf(operation), bytesMax: ANSWER_BYTES_MAX },
  }).catch((cause: Error) => {
    throw new CommandFailure(
      `no edge can be reached at ${edgeUrl}: ${cause.message}. Start it, or use --direct with DATABASE_URL and REDIS_URL`,
      EXIT_FAILURE,
      { cause },
    );
  });
  if (answer.status >= 200 && answer.status < 300)
    return (answer.text === '' ? undefined : JSON.parse(answer.text)) as OutputOf<O>;
  throw problemIn(answer);
}

function timeoutOf({ answerWithinMs = 0 }: AnyOperation): number {
  return Math.max(ANSWER_TIMEOUT_MS, answerWithinMs + ON_THE_WAY_MS);
}

interface Problem {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly pointer?: string;
}

function problemIn({ status, text }: { status: number; text: string }): CommandFailure {
  try {
    const { code, detail, pointer } = JSON.parse(text) as Problem;
    if (code in ERRORS) return failureOf(code, detail, pointer);
  } catch {
    // not the answer of an edge
  }
  return new CommandFailure(`the edge answers ${status}: ${text.slice(0, 200)}`);
}

/** The same refusal ends every command in the same way: 2 where repeating it cannot help. */
const BAD_INPUT: ReadonlySet<number> = new Set([400, 401, 403, 404, 413, 415]);

export function failureOf(code: ErrorCode, detail: string, pointer?: string): CommandFailure {
  const { status, cure } = ERRORS[code];
  const needsCure = status === 401 || status === 403 || code === 'unexamined';
  // an input may be large: without its place nobody finds the wrong member
  const place = code.startsWith('invalid_') && pointer?.startsWith('/') ? `${pointer}: ` : '';
  const message = `${place}${detail}${needsCure ? ` ${cure}` : ''}`;
  return new CommandFailure(message, BAD_INPUT.has(status) ? EXIT_BAD_INPUT : EXIT_FAILURE, {
    document: { code, detail: `${place}${detail}`, cure },
  });
}

async function runDirectly<O extends AnyOperation>(
  operation: O,
  input: InputOf<O>,
  dryRun: boolean,
): Promise<OutputOf<O>> {
  const { OperationRunner, operationHandlers } = await import('@foreshard/core/operations/handlers');
  return withControl(async (control) => {
    warnOnce();
    const runner = new OperationRunner({
      table: OPERATIONS,
      handlers: operationHandlers(await operationStores(control)),
      audit: control.audit,
      nowMs: Date.now,
      warn: (message) => writeErr(`foreshard: ${message}\n`),
    });
    const origin = { surface: 'command line', address: '', requestId: randomUUID() } as const;
    return runner.run(operation, input, callerOf(processPrincipal(operatorHere()), origin, dryRun));
  });
}

let isWarned = false;

/** A command may give several operations. */
function warnOnce(): void {
  if (!isWarned) writeErr('--direct: no edge checks this order\n');
  isWarned = true;
}
