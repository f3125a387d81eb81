/** A scope as people and programs write it, and as the stores keep it. */
import { z } from 'zod';
import type { Scope } from './grants.ts';
import type { Dimension } from './permissions.ts';

/** More names in one limit than this are a mistake, and every call of a token would look through them. */
const NAMES_MAX = 100;
const NAME_CHARS_MAX = 64;
const PREFIX_CHARS_MAX = 200;

const name = z.string().min(1).max(NAME_CHARS_MAX);
const names = z.array(name).max(NAMES_MAX);

export const scopeSchema: z.ZodType<Scope, Scope> = z
  .strictObject({
    streams: z
      .array(
        z.strictObject({
          name,
          keyPrefix: z
            .string()
            .min(1)
            .max(PREFIX_CHARS_MAX)
            .exactOptional()
            .describe('only keys that begin so, and only for appends and reads by key'),
        }),
      )
      .max(NAMES_MAX)
      .exactOptional()
      .describe('left out: all streams'),
    groups: names.exactOptional().describe('left out: all consumer groups'),
    clusters: names.exactOptional().describe('left out: all; this cluster is "."'),
  } satisfies Record<Dimension, z.ZodType>)
  .meta({ id: 'AccessScope', description: 'what it is limited to; without members it is not limited' });
