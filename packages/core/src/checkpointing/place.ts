/** Where contents of checkpoints are kept: the settings that edge and worker share. */
import { z } from 'zod';

export interface S3Place {
  readonly bucket: string;
  /** of all names, without a slash at its end; empty: none */
  readonly prefix: string;
  /** undefined: that of Amazon */
  readonly endpoint: string | undefined;
  readonly region: string;
}

export type CheckpointPlace =
  | { readonly kind: 'postgres' }
  | { readonly kind: 'folder'; readonly folder: string }
  | ({ readonly kind: 's3' } & S3Place);

const HELP = 'postgres, file:///path or s3://bucket/prefix?endpoint=https://...&region=...';
const REGION_DEFAULT = 'us-east-1';
const BYTES_MAX_DEFAULT = 64 * 1_048_576;

/** Members of a schema of settings. */
export const checkpointFields = {
  CHECKPOINT_STORE: z
    .string()
    .default('postgres')
    .transform((text, context): CheckpointPlace => {
      const place = placeOf(text);
      if (place !== undefined) return place;
      context.addIssue({ code: 'custom', message: HELP });
      return z.NEVER;
    })
    .describe(
      'where the [state of consumer groups](processors.md#operating-it) is kept: `postgres`, `file:///path` or `s3://bucket/prefix?endpoint=...&region=...`. The same for all processes',
    ),
  CHECKPOINT_BYTES_MAX: z.coerce
    .number({ error: 'a number of bytes' })
    .int()
    .min(1_024)
    .default(BYTES_MAX_DEFAULT)
    .describe('bytes of the largest checkpoint'),
};

function placeOf(text: string): CheckpointPlace | undefined {
  if (text === 'postgres') return { kind: 'postgres' };
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol === 'file:' && url.host === '')
    return { kind: 'folder', folder: decodeURIComponent(url.pathname) };
  if (url.protocol !== 's3:' || url.host === '') return undefined;
  return {
    kind: 's3',
    bucket: url.host,
    prefix: url.pathname.replace(/^\/+|\/+$/g, ''),
    endpoint: url.searchParams.get('endpoint') ?? undefined,
    region: url.searchParams.get('region') ?? REGION_DEFAULT,
  };
}
