/**
 * One operation: what a person or a program can ask for or order, written once. An entry is a contract, which is
 * pure data; its handler is bound by each process that carries it out. REST, OpenAPI, tRPC, the command line, "copy
 * as curl" and the page of permissions are derived from the contract, so that no two of them can disagree.
 */

import type { z } from 'zod';
import type { Permission } from '../access/index.ts';
import type { ErrorCode } from '../kernel/index.ts';
import type { Caller } from './caller.ts';

export const RESOURCES = [
  ...(['host', 'migration', 'shardlet', 'stream', 'quota', 'token', 'recommendation', 'policy'] as const),
  ...([
    'model',
    'simulation',
    'job',
    'cluster',
    'hint',
    'annotation',
    'notification',
    'consumer group',
    'event',
    'telemetry',
    'topology',
    'audit log',
    'user',
    'session',
    'account',
    'plan',
    'demo',
    'anticipation',
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

/** Its handler notes it (`Caller.note`), or the reason why there is nothing to note. */
export type Before = 'noted' | { readonly none: string };

export const CREATES: Before = Object.freeze({ none: 'It creates what was not there.' });

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
  /** what it is about is known only once that was looked up: the handler calls `requirePermission` then, or leaves out */
  readonly judgedLater?: true;
  /** it tells of all clusters at once, so whoever is limited to some may not call it */
  readonly ofEveryCluster?: true;
  /** every member, wherever HTTP carries it; without `dryRun` */
  readonly input: I;
  readonly output: O;
  /** what it may refuse with, beside what every operation may answer */
  readonly errors: readonly ErrorCode[];
  /** takes `dryRun`: report what would be decided, and change nothing */
  readonly dryRun: boolean;
  /** is each call recorded with its caller? `payload`: each whose answer holds the payload of an event */
  readonly audit: 'always' | 'payload' | 'never';
  /** of a command: how the audit log knows what it changes as it was before */
  readonly before?: Before;
  /** member of the output with the payload of an event; null in there: the caller may not read it */
  readonly payload?: string;
  /**
   * what it is about has an owner, who needs no grant: the handler judges, by `requireOnGroup`, and whoever is known
   * gets as far as there
   */
  readonly owned?: true;
  /** members of input and output that nobody may find in the audit log: `secret`, `target.url`, `hosts.*.password` */
  readonly secrets?: readonly string[];
  /** web addresses among them that may hold a token: the audit log keeps where they lead */
  readonly addresses?: readonly string[];
  /** `apart`: events and telemetry, which an edge serves where that is fast, and not from the table of handlers */
  readonly served: 'table' | 'apart';
  /** how long an answer may take; 25 s when left out */
  readonly answerWithinMs?: number;
  readonly http: HttpBinding<z.output<O>>;
}

export interface Content {
  readonly schema: z.ZodType;
  readonly example?: unknown;
}

/** An answer that is not the output as JSON alone. */
export interface Answer {
  readonly description: string;
  /** by media type */
  readonly content?: Readonly<Record<string, Content>>;
  /** schema of each field of the header */
  readonly headers?: Readonly<Record<string, z.ZodType>>;
}

/** Where HTTP carries an operation, and the words that describe it. */
export interface HttpBinding<Output = unknown> {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** as OpenAPI writes it: /v1/hosts/{id}/drain */
  readonly path: string;
  /** names in the path or the query that differ from their member of the input: `{ id: 'host' }` */
  readonly params?: Readonly<Record<string, string>>;
  /** members of the input that stand in the query although the method has a body */
  readonly query?: readonly string[];
  readonly operationId: string;
  /** the same on the stream in the path, /v1/streams/{stream}/...; without it `stream` is main */
  readonly ofStream?: { readonly operationId: string; readonly summary: string };
  readonly tag: Tag;
  readonly summary: string;
  readonly description: string;
  /** fields of the header that the operation reads, beside its input */
  readonly requestHeaders?: z.ZodObject;
  readonly body?: {
    readonly description: string;
    /** as OpenAPI names its schema, where it is not the whole input */
    readonly id?: string;
    readonly example?: unknown;
    /** may be left out */
    readonly optional?: true;
    /** bytes; 65,536 when left out */
    readonly bytesMax?: number;
    /** the body may also be a text */
    readonly text?: TextBody;
    /** the whole body is this member of the input, in one of these media types */
    readonly whole?: { readonly member: string; readonly content: Readonly<Record<string, Content>> };
  };
  /** fields of the header of the usual answer, by their name in lower case */
  readonly headers?: Readonly<Record<string, HeaderField<Output>>>;
  /**
   * each status of success, the usual one first; a text describes one that carries the output as JSON, or nothing
   * where it is 204
   */
  readonly answers: Readonly<Record<number, string | Answer>>;
  readonly example?: unknown;
  /** which of `answers`; when left out: 202, where it is one of them and nothing was tried, else the first */
  readonly statusOf?: (output: Output, dryRun: boolean) => number;
  /** problems that carry more members than others, by status */
  readonly problems?: Readonly<Partial<Record<number, ProblemMembers>>>;
}

/** A body that is nothing but one member of the input. */
export interface TextBody {
  readonly mediaType: string;
  readonly member: string;
  /** members that stand in the query beside it; beside a body in JSON they are members of that */
  readonly query?: readonly string[];
  /** JSON is not taken */
  readonly only?: true;
  /** that of `body` when left out */
  readonly bytesMax?: number;
  readonly description: string;
  readonly example?: string;
}

export interface HeaderField<Output = unknown> {
  readonly description: string;
  readonly of: (output: Output) => string;
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
  'kind' | 'dryRun' | 'audit' | 'served'
>;

export function query<I extends z.ZodObject, O extends z.ZodType>(
  written: Written<'query', I, O>,
): Operation<'query', I, O> {
  return Object.freeze({
    ...written,
    kind: 'query',
    dryRun: false,
    audit: written.payload === undefined ? 'never' : 'payload',
    served: 'table',
  });
}

/** `dryRun: true` where it can be tried. */
export function command<I extends z.ZodObject, O extends z.ZodType>({
  dryRun = false,
  ...written
}: Written<'command', I, O> & {
  readonly before: Before;
  readonly dryRun?: boolean;
}): Operation<'command', I, O> {
  return Object.freeze({ ...written, kind: 'command', dryRun, audit: 'always', served: 'table' });
}

/** Traffic: not recorded call by call, and served where it is fast. */
export function apart<K extends Kind, I extends z.ZodObject, O extends z.ZodType>(
  written: Written<K, I, O> & { readonly kind: K },
): Operation<K, I, O> {
  return Object.freeze({ ...written, dryRun: false, audit: 'never', served: 'apart' });
}

/** The status of an answer. */
export function statusOf<Output>(http: HttpBinding<Output>, output: Output, dryRun: boolean): number {
  if (http.statusOf !== undefined) return http.statusOf(output, dryRun);
  if (http.answers[202] !== undefined && !dryRun) return 202;
  return Number(Object.keys(http.answers)[0]);
}

/** The same operation on a stream that is named in the path; without one it is about `main`. */
export const STREAM_PREFIX = '/v1/streams/{stream}';
const STREAM = 'stream';

/** Members of the input by where HTTP carries them. */
export interface Placement {
  /** name in the path -> member */
  readonly path: ReadonlyMap<string, string>;
  /** name in the query -> member */
  readonly query: ReadonlyMap<string, string>;
  /** members in the query beside a body that is a text */
  readonly besideText: readonly string[];
  /** members of a body in JSON */
  readonly body: readonly string[];
}

export function placementOf({ input, http }: AnyOperation): Placement {
  const { params = {}, body, query: named = [] } = http;
  const path = new Map<string, string>();
  for (const [, name] of http.path.matchAll(/\{(\w+)\}/g)) path.set(name!, params[name!] ?? name!);
  const nameOf = new Map(Object.entries(params).map(([name, member]) => [member, name]));
  const inPath = new Set(path.values());
  // the stream stands in the path, or is main
  if (http.ofStream !== undefined) inPath.add(STREAM);
  const rest = Object.keys(input.shape).filter((member) => !inPath.has(member));
  const besideText = body?.text?.query ?? [];
  const inQuery = body === undefined ? rest : [...named, ...besideText];
  return {
    path,
    query: new Map(inQuery.map((member) => [nameOf.get(member) ?? member, member])),
    besideText,
    body:
      body === undefined || body.text?.only === true ? [] : rest.filter((member) => !named.includes(member)),
  };
}

/** A request of HTTP that carries an operation. */
export interface OperationRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** with the query */
  readonly path: string;
  readonly body?: { readonly mediaType: string; readonly text: string };
}

/** How the operation is asked for over HTTP with this input. */
export function requestOf<O extends AnyOperation>(
  operation: O,
  input: z.input<O['input']>,
  dryRun = false,
): OperationRequest {
  const given = input as Readonly<Record<string, unknown>>;
  const routed = given[STREAM] === undefined ? operation : (onStream(operation) ?? operation);
  const { method, path: template, body } = routed.http;
  const placement = placementOf(routed);
  const { path } = placement;
  const filled = template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(given[path.get(name)!])),
  );
  const text = body?.text;
  const isText = text !== undefined && fitsText(text, given, placement);
  const search = new URLSearchParams();
  for (const [name, member] of placement.query) {
    const isInBody = !isText && placement.besideText.includes(member);
    if (given[member] !== undefined && !isInBody) search.set(name, String(given[member]));
  }
  if (dryRun) search.set('dryRun', 'true');
  const sent = isText
    ? { mediaType: text.mediaType, text: String(given[text.member]) }
    : (wholeOf(operation, given) ?? jsonOf(given, placement.body));
  return {
    method: method.toUpperCase() as OperationRequest['method'],
    path: search.size === 0 ? filled : `${filled}?${search}`,
    ...(sent === undefined ? {} : { body: sent }),
  };
}

/** Is the text there, and has every other member a place beside it? */
function fitsText(
  { member, query = [], only }: TextBody,
  given: Readonly<Record<string, unknown>>,
  { path }: Placement,
): boolean {
  if (only === true) return true;
  const placed = new Set([...path.values(), ...query, member]);
  const named = Object.keys(given).filter((one) => given[one] !== undefined);
  return named.includes(member) && named.every((one) => placed.has(one) && given[one] !== null);
}

function jsonOf(given: Readonly<Record<string, unknown>>, members: readonly string[]) {
  const named = members.filter((member) => given[member] !== undefined);
  if (named.length === 0) return undefined;
  const text = JSON.stringify(Object.fromEntries(named.map((member) => [member, given[member]])));
  return { mediaType: 'application/json', text };
}

function wholeOf({ http }: AnyOperation, given: Readonly<Record<string, unknown>>) {
  const { whole } = http.body ?? {};
  if (whole === undefined) return undefined;
  const [mediaType] = Object.keys(whole.content);
  return { mediaType: mediaType!, text: JSON.stringify(given[whole.member]) };
}

/** The route of the operation whose path names the stream; undefined where it has none. */
export function onStream(operation: AnyOperation): AnyOperation | undefined {
  const { ofStream, ...http } = operation.http;
  if (ofStream === undefined) return undefined;
  return { ...operation, http: { ...http, ...ofStream, path: http.path.replace('/v1', STREAM_PREFIX) } };
}
