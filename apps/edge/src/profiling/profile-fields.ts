/** EDGE_PROFILE_FIELDS: the fields to profile, as JSON in the variable itself or in the file that it names. */
import { readFileSync } from 'node:fs';
import { type ProfileSettings, profileSettingsSchema } from '@foreshard/core/profiling';
import { z } from 'zod';

export const profileFields = z.string().transform((text, context): ProfileSettings => {
  try {
    const json = text.trimStart().startsWith('{') ? text : readFileSync(text, 'utf8');
    const fields = profileSettingsSchema.safeParse(JSON.parse(json));
    if (fields.success) return fields.data;
    context.addIssue(wrong(z.prettifyError(fields.error).replaceAll('\n', ' ')));
  } catch (error) {
    context.addIssue(wrong((error as Error).message));
  }
  return z.NEVER;
});

function wrong(why: string): string {
  return `fields to profile, such as {"orders":{"numbers":["/data/amount"],"keys":["/data/customer"]}}, or a file with them (${why})`;
}
