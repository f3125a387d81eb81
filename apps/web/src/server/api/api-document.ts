/** The edge's OpenAPI document as the page that lists it needs it. */
import { z } from 'zod';

const operationSchema = z.object({
  operationId: z.string().optional(),
  summary: z.string().default(''),
  tags: z.array(z.string()).default([]),
  security: z.array(z.unknown()).optional(),
  requestBody: z.unknown().optional(),
});
const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
const documentSchema = z.object({
  openapi: z.string(),
  info: z.object({ title: z.string(), version: z.string() }),
  tags: z.array(z.object({ name: z.string(), description: z.string().default('') })).default([]),
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
});

export interface ApiOperation {
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly tag: string;
  readonly needsToken: boolean;
}

export interface ApiDocument {
  readonly version: string;
  readonly openapi: string;
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly operations: readonly ApiOperation[];
}

/** @throws ZodError, SyntaxError */
export function parseApiDocument(text: string): ApiDocument {
  const { info, openapi, tags, paths } = documentSchema.parse(JSON.parse(text));
  return { version: info.version, openapi, tags, operations: operationsOf(paths) };
}

function operationsOf(paths: z.infer<typeof documentSchema>['paths']): ApiOperation[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const parsed = operationSchema.safeParse(item[method]);
      if (!parsed.success) return [];
      const { summary, tags, security } = parsed.data;
      return [{ method, path, summary, tag: tags[0] ?? '', needsToken: security?.length !== 0 }];
    }),
  );
}
