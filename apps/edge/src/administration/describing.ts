/** What the operations of administration have in common. */
import { z } from 'zod';
import { flag, json, wholeNumber } from '../api/index.ts';

export const common = { tag: 'administration', scope: 'admin' } as const;

export const idPath = (what: string) => z.object({ id: wholeNumber(1).describe(`number of the ${what}`) });

/** Every order can be tried. */
export const dryRunQuery = z.object({
  dryRun: flag.describe('tell what would be decided, and change nothing'),
});

/** An order that a worker carries out; with `dryRun` nothing is begun. */
export function orderAnswers(schema: z.ZodType) {
  return {
    200: { description: 'With `dryRun`: what would be decided', content: json(schema) },
    202: { description: 'Decided; a worker carries it out', content: json(schema) },
  };
}
