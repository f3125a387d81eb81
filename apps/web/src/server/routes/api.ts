/** What the edge says of its own API, for the page that lists it. */
import { type ApiDocument, parseApiDocument } from '../api/api-document.ts';
import { query, router } from '../trpc.ts';

/** Of an edge that does not answer, or with something else. */
const NOTHING = { version: null, openapi: null, tags: [], operations: [] } as const;

export const apiRouter = router({
  describe: query.query(async ({ ctx: { server } }) => {
    const { edgeUrl } = server;
    const links = { edgeUrl, docsUrl: `${edgeUrl}/docs`, openApiUrl: `${edgeUrl}/v1/openapi.json` };
    const described: ApiDocument | typeof NOTHING = await server.edge
      .document()
      .then(parseApiDocument)
      .catch(() => NOTHING);
    return { ...links, ...described };
  }),
});
