/** How every refusal is answered over HTTP and tRPC. */
import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../kernel/index.ts';

const errorCodeSchema = z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]);

/** RFC 9457 */
export const problemSchema = z
  .object({
    type: z.string().describe('/docs/errors/<code>, which shows its cause and cure'),
    title: z.string(),
    status: z.int(),
    code: errorCodeSchema,
    detail: z.string(),
    pointer: z
      .string()
      .optional()
      .describe(
        'what is wrong: JSON pointer (RFC 6901) into the body, "?name" in the query, "{name}" in the path, "name:" in the header',
      ),
    errors: z
      .array(z.object({ pointer: z.string(), detail: z.string() }))
      .optional()
      .describe('every place that is wrong'),
    cure: z.string(),
    instance: z.string().optional().describe('names the one request, as the log does'),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' });
