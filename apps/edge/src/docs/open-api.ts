/** The OpenAPI 3.1 document of all operations. */
import { ERRORS, type ErrorCode } from '@foreshard/core/kernel';
import { type Content, problemSchema } from '@foreshard/core/operations';
import type { z } from 'zod';
import { type AnyOperation, errorsOf } from '../api/operation.ts';
import { PROBLEM_MEDIA_TYPE, problemDocument } from '../http/problem.ts';
import { type JsonSchema, SchemaBook } from './json-schema.ts';

const TAGS = {
  events: 'Storing events',
  reading: 'Reading events: pages, and streams that follow what is stored',
  topology: 'Streams, shardlets and hosts',
  telemetry: 'What the users of the data tell about their load',
  forecasting: 'What load people expect, and the models that forecast it',
  planning: 'What is recommended, by which policy, and what would be if',
  administration: 'Hosts, and what moves, splits, rolls and merges',
  notifications: 'Who is told of what waits and what is wrong',
  service: 'Health, metrics and this description',
} as const;

const DESCRIPTION = `Foreshard stores CloudEvents in streams that are cut into shardlets, and moves a shardlet
before the load arrives. Paths without \`/streams/{stream}\` are about the stream \`main\`. Every error is a
problem document (RFC 9457) with a \`code\` of one table; see /docs/errors.`;

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly description: string;
    readonly license: { readonly name: string; readonly identifier: string };
  };
  readonly servers: readonly { readonly url: string; readonly description: string }[];
  readonly security: readonly object[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes: Readonly<Record<string, object>>;
  };
}

export interface OperationObject {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly ParameterObject[];
  readonly requestBody?: {
    readonly description: string;
    readonly required: boolean;
    readonly content: MediaTypes;
  };
  readonly security?: readonly object[];
  readonly responses: Readonly<Record<string, ResponseObject>>;
}

export interface ParameterObject {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}

export interface ResponseObject {
  readonly description: string;
  readonly content?: MediaTypes;
}

type MediaTypes = Readonly<Record<string, { readonly schema: JsonSchema; readonly example?: unknown }>>;

export function openApiDocument(operations: readonly AnyOperation[], version: string): OpenApiDocument {
  const book = new SchemaBook();
  const paths: Record<string, Record<string, OperationObject>> = {};
  for (const operation of operations) {
    paths[operation.path] ??= {};
    paths[operation.path]![operation.method] = operationObject(operation, book);
  }
  const used = new Set(operations.map(({ tag }) => tag));
  return {
    openapi: '3.1.1',
    info: {
      title: 'Foreshard edge',
      version,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'the edge that serves this document' }],
    tags: Object.entries(TAGS)
      .filter(([name]) => used.has(name as keyof typeof TAGS))
      .map(([name, description]) => ({ name, description })),
    security: [{ token: [] }],
    paths,
    components: {
      schemas: book.components,
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API token; each operation names the permission that it needs.',
        },
      },
    },
  };
}

function operationObject(operation: AnyOperation, book: SchemaBook): OperationObject {
  const { operationId, summary, description, tag, permission, body } = operation;
  const parameters = [
    ...parametersOf(operation.params, 'path', book),
    ...parametersOf(operation.query, 'query', book),
    ...parametersOf(operation.headers, 'header', book),
  ];
  return {
    operationId,
    summary,
    description:
      permission === undefined
        ? description
        : `${description}\n\nNeeds a token with the permission \`${permission}\`.`,
    tags: [tag],
    ...(permission === undefined ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            description: body.description,
            required: body.optional !== true,
            content: contentOf(body.content, book, 'input'),
          },
        }),
    responses: { ...answersOf(operation, book), ...problemsOf(operation, book) },
  };
}

function parametersOf(fields: z.ZodObject | undefined, place: string, book: SchemaBook): ParameterObject[] {
  return Object.entries(fields?.shape ?? {}).map(([name, field]) => {
    const { description, example, ...schema } = book.of(field as z.ZodType, 'input');
    return {
      name,
      in: place,
      required: place === 'path' || !(field as z.ZodType).safeParse(undefined).success,
      ...(description === undefined ? {} : { description: String(description) }),
      ...(example === undefined ? {} : { example }),
      schema,
    };
  });
}

function answersOf({ answers }: AnyOperation, book: SchemaBook): Record<string, ResponseObject> {
  const entries = Object.entries(answers).map(([status, { description, content, headers }]) => [
    status,
    {
      description,
      ...(headers === undefined
        ? {}
        : {
            headers: Object.fromEntries(
              Object.entries(headers).map(([name, schema]) => {
                const { description: words = name, ...rest } = book.of(schema);
                return [name, { description: words, schema: rest }];
              }),
            ),
          }),
      ...(content === undefined ? {} : { content: contentOf(content, book, 'output') }),
    },
  ]);
  return Object.fromEntries(entries);
}

function contentOf(
  content: Readonly<Record<string, Content>>,
  book: SchemaBook,
  io: 'input' | 'output',
): MediaTypes {
  const entries = Object.entries(content).map(([type, { schema, example }]) => [
    type,
    { schema: book.of(schema, io), ...(example === undefined ? {} : { example }) },
  ]);
  return Object.fromEntries(entries) as MediaTypes;
}

/** The errors of one status together: its description names the codes. */
function problemsOf(operation: AnyOperation, book: SchemaBook): Record<string, ResponseObject> {
  const byStatus = Map.groupBy(errorsOf(operation), (code) => ERRORS[code].status);
  const entries = [...byStatus].map(([status, codes]) => [
    String(status),
    {
      description: codes.map((code) => `\`${code}\`: ${ERRORS[code].title}`).join('. '),
      ...problemHeaders(status),
      content: {
        [PROBLEM_MEDIA_TYPE]: {
          schema: book.of(operation.problems?.[status] ?? problemSchema),
          ...(operation.problems?.[status] === undefined ? { example: exampleOf(codes[0]!) } : {}),
        },
      },
    },
  ]);
  return Object.fromEntries(entries);
}

function problemHeaders(status: number) {
  const header = (name: string, description: string, type: string) => ({
    headers: { [name]: { description, schema: { type } } },
  });
  if (status === 401) return header('WWW-Authenticate', 'Bearer', 'string');
  if (status === 405) return header('Allow', 'the methods of this path', 'string');
  if (status === 429 || status === 503) return header('Retry-After', 'seconds to wait', 'integer');
  return {};
}

function exampleOf(code: ErrorCode): unknown {
  const instance = 'urn:foreshard:request:0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331';
  return { ...problemDocument(code, ERRORS[code].title), instance };
}
