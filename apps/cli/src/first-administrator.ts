/** How the first administrator comes to be: by a link, or unattended from a file. Both are in the audit log. */
import { hasAdministrator } from '@foreshard/core/access';
import { type Control, createAdministrator, oneTimeLink } from './composition.ts';
import { CommandFailure } from './failure.ts';
import { recordedHere } from './recorded-here.ts';

export type MadeLink = Awaited<ReturnType<typeof oneTimeLink>>;

/** Undefined: there is an administrator. */
export async function firstAdministratorLink(
  control: Control,
  consoleUrl: string,
): Promise<MadeLink | undefined> {
  if (await hasAdministrator(control.people)) return undefined;
  return recordedHere(
    control.audit,
    { operation: 'firstAdministrator.link', resource: 'user', target: '', input: {} },
    () => oneTimeLink(control, consoleUrl, { kind: 'first-administrator' }),
    expiryOf,
  );
}

/** What is kept of a link: never its secret. */
export function expiryOf({ expiresAt }: MadeLink): object {
  return { expiresAt: expiresAt.toISOString() };
}

/** Answers why not, or undefined. */
export async function createFirstAdministrator(
  control: Control,
  email: string,
  password: string,
): Promise<string | undefined> {
  const action = {
    operation: 'firstAdministrator.create',
    resource: 'user',
    target: email,
    input: { email },
  };
  try {
    await recordedHere(
      control.audit,
      action,
      async () => {
        const fault = await createAdministrator(control, email, password);
        if (fault !== undefined) throw new CommandFailure(fault);
      },
      () => ({ email, roles: [{ role: 'administrator' }] }),
    );
    return undefined;
  } catch (error) {
    if (error instanceof CommandFailure) return error.message;
    throw error;
  }
}
