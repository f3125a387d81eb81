/** What the edge says of its own API, for the page that lists it. */
import { z } from 'zod';
import { query, router } from '../trpc.ts';

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

export const apiRouter = router({
  describe: query.query(async ({ ctx: { server } }) => {
    const { edgeUrl } = server;
    const links = { edgeUrl, docsUrl: `${edgeUrl}/docs`, openApiUrl: `${edgeUrl}/v1/openapi.json` };
    const reply = await server.edge
      .document()
      .then((text) => documentSchema.parse(JSON.parse(text)))
      .catch(() => undefined);
    if (reply === undefined) return { ...links, version: null, openapi: null, tags: [], operations: [] };
    return {
      ...links,
      version: reply.info.version,
      openapi: reply.openapi,
      tags: reply.tags,
      operations: operationsOf(reply.paths),
    };
  }),
});

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
