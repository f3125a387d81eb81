/**
 * One operation: what a person or a program can ask for or order, written once. An entry is a contract, which is
 * pure data; its handler is bound by each process that carries it out. REST, OpenAPI, tRPC, the command line, "copy
 * as curl" and the page of permissions are derived from the contract, so that no two of them can disagree.
 */

import type { z } from 'zod';
import type { ErrorCode } from '../kernel/index.ts';

/** What a token may do. */
export const PERMISSIONS = ['ingest', 'read', 'consume', 'admin'] as const;
export type Permission = (typeof PERMISSIONS)[number];

export const RESOURCES = [
  ...(['host', 'migration', 'shardlet', 'stream', 'quota', 'token', 'recommendation', 'policy'] as const),
  ...([
    'model',
    'simulation',
    'job',
    'cluster',
    'hint',
    'notification',
    'consumer group',
    'event',
    'telemetry',
    'topology',
  ] as const),
] as const;
export type Resource = (typeof RESOURCES)[number];

export type Tag =
  | 'events'
  | 'reading'
  | 'topology'
  | 'telemetry'
  | 'forecasting'
  | 'planning'
  | 'clusters'
  | 'administration'
  | 'notifications'
  | 'service';

/** A query changes nothing; a command may. */
export type Kind = 'query' | 'command';

export interface Operation<
  K extends Kind = Kind,
  I extends z.ZodObject = z.ZodObject,
  O extends z.ZodType = z.ZodType,
> {
  /** `hosts.drain`: the router and the procedure of tRPC */
  readonly name: string;
  readonly kind: K;
  readonly resource: Resource;
  readonly permission: Permission;
  /** every member, wherever HTTP carries it; without `dryRun` */
  readonly input: I;
  readonly output: O;
  /** what it may refuse with, beside what every operation may answer */
  readonly errors: readonly ErrorCode[];
  /** takes `dryRun`: report what would be decided, and change nothing */
  readonly dryRun: boolean;
  /** is each call recorded with its caller? */
  readonly audit: 'always' | 'never';
  /** how long an answer may take; 25 s when left out */
  readonly answerWithinMs?: number;
  readonly http: HttpBinding<z.output<O>>;
}

/** Where HTTP carries an operation, and the words that describe it. */
export interface HttpBinding<Output = unknown> {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** as OpenAPI writes it: /v1/hosts/{id}/drain */
  readonly path: string;
  /** names in the path that differ from their member of the input: `{ id: 'host' }` */
  readonly params?: Readonly<Record<string, string>>;
  /** members of the input that stand in the query although the method has a body */
  readonly query?: readonly string[];
  readonly operationId: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description: string;
  readonly body?: {
    readonly description: string;
    /** as OpenAPI names its schema, where it is not the whole input */
    readonly id?: string;
    readonly example?: unknown;
    /** may be left out */
    readonly optional?: true;
    /** bytes; 65,536 when left out */
    readonly bytesMax?: number;
    /** a body of this media type is this member of the input; the other members are in the query */
    readonly text?: { readonly mediaType: string; readonly member: string; readonly example?: string };
  };
  /** description of each status of success, the usual one first; 204 has no content */
  readonly answers: Readonly<Record<number, string>>;
  readonly example?: unknown;
  /** which of `answers`; when left out: 202, where it is one of them and nothing was tried, else the first */
  readonly statusOf?: (output: Output, dryRun: boolean) => number;
  /** problems that carry more members than others, by status */
  readonly problems?: Readonly<Partial<Record<number, ProblemMembers>>>;
}

export interface ProblemMembers {
  /** as OpenAPI names the schema */
  readonly id: string;
  readonly description: string;
  readonly members: z.ZodObject;
}

// biome-ignore lint/suspicious/noExplicitAny: any contract, whatever its output
export type AnyOperation = Operation<Kind, z.ZodObject, any>;

/** Routers of operations: `{ hosts: { drain: ... } }` holds `hosts.drain`. */
export type OperationTable = Readonly<Record<string, Readonly<Record<string, AnyOperation>>>>;

export type InputOf<O extends AnyOperation> = z.output<O['input']>;
export type OutputOf<O extends AnyOperation> = z.input<O['output']>;

/** Who calls, as the change log and the journal name them. */
export interface Caller {
  readonly actor: string;
  readonly dryRun: boolean;
}

/** @throws ForeshardError with one of the codes of the contract, or that a store or a host is unreachable */
export type Handler<O extends AnyOperation> = (input: InputOf<O>, caller: Caller) => Promise<OutputOf<O>>;

/** One handler for each operation of a router. */
export type RouterHandlers<R extends Readonly<Record<string, AnyOperation>>> = {
  readonly [N in keyof R]: Handler<R[N]>;
};

/** One handler for each operation of a table. */
export type Handlers<T extends OperationTable> = { readonly [R in keyof T]: RouterHandlers<T[R]> };

type Written<K extends Kind, I extends z.ZodObject, O extends z.ZodType> = Omit<
  Operation<K, I, O>,
  'kind' | 'dryRun' | 'audit'
>;

export function query<I extends z.ZodObject, O extends z.ZodType>(
  written: Written<'query', I, O>,
): Operation<'query', I, O> {
  return Object.freeze({ ...written, kind: 'query', dryRun: false, audit: 'never' });
}

/** `dryRun: true` where it can be tried. */
export function command<I extends z.ZodObject, O extends z.ZodType>({
  dryRun = false,
  ...written
}: Written<'command', I, O> & { readonly dryRun?: boolean }): Operation<'command', I, O> {
  return Object.freeze({ ...written, kind: 'command', dryRun, audit: 'always' });
}

/** The status of an answer. */
export function statusOf<Output>(http: HttpBinding<Output>, output: Output, dryRun: boolean): number {
  if (http.statusOf !== undefined) return http.statusOf(output, dryRun);
  if (http.answers[202] !== undefined && !dryRun) return 202;
  return Number(Object.keys(http.answers)[0]);
}

/** Members of the input by where HTTP carries them. */
export interface Placement {
  /** name in the path -> member */
  readonly path: ReadonlyMap<string, string>;
  readonly query: readonly string[];
  readonly body: readonly string[];
}

export function placementOf({ input, http }: AnyOperation): Placement {
  const path = new Map<string, string>();
  for (const [, name] of http.path.matchAll(/\{(\w+)\}/g)) path.set(name!, http.params?.[name!] ?? name!);
  const inPath = new Set(path.values());
  const rest = Object.keys(input.shape).filter((member) => !inPath.has(member));
  if (http.body === undefined) return { path, query: rest, body: [] };
  const inQuery = new Set(http.query);
  return {
    path,
    query: rest.filter((member) => inQuery.has(member)),
    body: rest.filter((member) => !inQuery.has(member)),
  };
}

/** A request of HTTP that carries an operation. */
export interface OperationRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** with the query */
  readonly path: string;
  readonly body?: object;
}

/** How the operation is asked for over HTTP with this input. */
export function requestOf<O extends AnyOperation>(
  operation: O,
  input: z.input<O['input']>,
  dryRun = false,
): OperationRequest {
  const { path, query, body } = placementOf(operation);
  const given = input as Readonly<Record<string, unknown>>;
  const filled = operation.http.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(given[path.get(name)!])),
  );
  const search = new URLSearchParams();
  for (const member of query) if (given[member] !== undefined) search.set(member, String(given[member]));
  if (dryRun) search.set('dryRun', 'true');
  const members = body.filter((member) => given[member] !== undefined);
  return {
    method: operation.http.method.toUpperCase() as OperationRequest['method'],
    path: search.size === 0 ? filled : `${filled}?${search}`,
    ...(members.length === 0 ? {} : { body: Object.fromEntries(members.map((m) => [m, given[m]])) }),
  };
}
