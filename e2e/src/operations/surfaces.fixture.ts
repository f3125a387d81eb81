/** The ways to give an operation: each answers the document, or the code of the refusal. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ErrorCode } from '@foreshard/core/kernel';
import { type AnyOperation, type OperationRequest, requestOf } from '@foreshard/core/operations';
import { freePort } from '@foreshard/local';
import { vi } from 'vitest';
import { type CommandResult, runHere } from '../../../apps/cli/src/run-here.fixture.ts';

export type Input = Readonly<Record<string, unknown>>;
export type Outcome = { readonly answer: unknown } | { readonly code: ErrorCode | string };

const CONSOLE = fileURLToPath(new URL('console.fixture.ts', import.meta.url));
const CONSOLE_STARTS_WITHIN_MS = 60_000;

export type Authorization = Readonly<Record<string, string>>;
export const bearer = (token: string): Authorization => ({ authorization: `Bearer ${token}` });

export async function overRest(
  edgeUrl: string,
  operation: AnyOperation,
  input: Input,
  authorization: Authorization,
  dryRun = false,
): Promise<Outcome> {
  return send(edgeUrl, requestOf(operation, input as never, dryRun), authorization);
}

/** `nonsense` where a body holds members, else in the query. */
export async function overRestWithUnknownMember(
  edgeUrl: string,
  operation: AnyOperation,
  input: Input,
  authorization: Authorization,
): Promise<Outcome> {
  const { method, path, body } = requestOf(operation, input as never);
  const { http } = operation;
  if (http.body !== undefined && http.body.whole === undefined && http.body.text?.only !== true) {
    const text = JSON.stringify({ ...JSON.parse(body?.text ?? '{}'), nonsense: 1 });
    return send(edgeUrl, { method, path, body: { mediaType: 'application/json', text } }, authorization);
  }
  const longer = `${path}${path.includes('?') ? '&' : '?'}nonsense=1`;
  return send(edgeUrl, { method, path: longer, ...(body === undefined ? {} : { body }) }, authorization);
}

/** `nonsense` in the body of an operation that takes none. */
export function overRestWithBody(
  edgeUrl: string,
  operation: AnyOperation,
  input: Input,
  authorization: Authorization,
): Promise<Outcome> {
  const { method, path } = requestOf(operation, input as never);
  const body = { mediaType: 'application/json', text: '{"nonsense":1}' };
  return send(edgeUrl, { method, path, body }, authorization);
}

async function send(
  edgeUrl: string,
  { method, path, body }: OperationRequest,
  authorization: Authorization,
): Promise<Outcome> {
  return outcomeOf(
    await fetch(`${edgeUrl}${path}`, {
      method,
      headers: { ...authorization, ...(body === undefined ? {} : { 'content-type': body.mediaType }) },
      ...(body === undefined ? {} : { body: body.text }),
    }),
  );
}

async function outcomeOf(response: Response): Promise<Outcome> {
  const text = await response.text();
  const answer = text === '' ? undefined : JSON.parse(text);
  return response.ok ? { answer } : { code: answer.code };
}

/** `url`: of the router, up to the name of the procedure. */
export async function overTrpc(
  url: string,
  { kind, name }: AnyOperation,
  input: Input,
  authorization: Authorization,
): Promise<Outcome> {
  const asked = `input=${encodeURIComponent(JSON.stringify(input))}`;
  const response = await (kind === 'query'
    ? fetch(`${url}${name}?${asked}`, { headers: authorization })
    : fetch(`${url}${name}`, {
        method: 'POST',
        headers: { ...authorization, 'content-type': 'application/json' },
        body: JSON.stringify(input),
      }));
  const { result, error } = (await response.json()) as TrpcAnswer;
  if (result !== undefined) return { answer: result.data };
  // the edge carries the whole problem, the console its code
  return { code: error!.data.problem?.code ?? error!.data.refusal ?? error!.data.code };
}

interface TrpcAnswer {
  readonly result?: { readonly data: unknown };
  readonly error?: {
    readonly data: {
      readonly problem?: { readonly code: ErrorCode };
      readonly refusal?: ErrorCode;
      readonly code: string;
    };
  };
}

/** Runs `foreshard ARGS` in this process, against this edge: starting one for each would take minutes. */
export function foreshard(args: readonly string[], edgeUrl: string, token: string): Promise<CommandResult> {
  return runHere(args, { FORESHARD_EDGE_URL: edgeUrl, FORESHARD_TOKEN: token });
}

export interface ConsoleProcess {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startConsole(settings: Readonly<Record<string, string>>): Promise<ConsoleProcess> {
  const port = await freePort();
  const child: ChildProcess = spawn(process.execPath, [CONSOLE], {
    env: { ...process.env, ...settings, WEB_PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}/api/trpc/operations.`;
  // nobody is answered, and that shows that it is there
  const isThere = async () => (await fetch(`${url}hosts.list`).catch(() => undefined))?.status === 401;
  await vi.waitUntil(isThere, {
    timeout: CONSOLE_STARTS_WITHIN_MS,
    interval: 100,
  });
  return {
    url,
    async stop() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
