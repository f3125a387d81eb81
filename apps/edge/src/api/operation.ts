/**
 * One route of the API: the schemas that check what comes in and the words that describe it stand together, so that
 * the description served at /v1/openapi.json cannot say anything else than what is done. Routes of operations are
 * made from the contracts of the table.
 */
import type { Permission } from '@foreshard/core/access';
import type { ErrorCode } from '@foreshard/core/kernel';
import type { Answer, Content, Tag } from '@foreshard/core/operations';
import type { z } from 'zod';

/** Of a body or an answer in JSON. */
export function json(schema: z.ZodType, example?: unknown): Readonly<Record<string, Content>> {
  return { 'application/json': { schema, ...(example === undefined ? {} : { example }) } };
}

export interface Operation<P extends Fields = Fields, Q extends Fields = Fields> {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** as OpenAPI writes it: /v1/keys/{key}/events */
  readonly path: string;
  readonly operationId: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description: string;
  /** undefined: needs no token */
  readonly permission?: Permission;
  readonly params?: z.ZodObject<P>;
  readonly query?: z.ZodObject<Q>;
  readonly headers?: z.ZodObject;
  readonly body?: {
    readonly description: string;
    readonly content: Readonly<Record<string, Content>>;
    /** may be left out */
    readonly optional?: true;
  };
  readonly answers: Readonly<Record<number, Answer>>;
  /** beside those that every operation may answer */
  readonly errors?: readonly ErrorCode[];
  /** schemas of problems that carry more than others */
  readonly problems?: Readonly<Partial<Record<number, z.ZodType>>>;
}

type Fields = z.core.$ZodLooseShape;

/** Any operation, whatever its parameters. */
export type AnyOperation = Operation<Fields, Fields>;

/** What this operation answers beside its own errors. */
export function errorsOf({
  permission,
  errors = [],
  params,
  query,
  method,
  body,
  answers,
}: AnyOperation): ErrorCode[] {
  const common: ErrorCode[] = ['malformed_request', 'method_not_allowed', 'request_timeout'];
  common.push('headers_too_large', 'not_ready', 'internal');
  if (permission !== undefined) common.push('unauthorized', 'forbidden');
  if (params !== undefined || query !== undefined) common.push('invalid_parameter');
  if (body !== undefined)
    common.push('body_too_large', 'unsupported_media_type', 'malformed_body', 'expectation_failed');
  if (method === 'get' && Object.values(answers).some((a) => a.content !== undefined))
    common.push('not_acceptable');
  return [...new Set([...common, ...errors])];
}
