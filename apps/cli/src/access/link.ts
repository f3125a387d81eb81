/** foreshard users link: the way in that always works, for whoever has the machine of the control plane. */
import { type Control, oneTimeLink } from '../composition.ts';
import { readCredentials } from '../credentials.ts';
import { withControl } from '../deciding.ts';
import { badInput } from '../failure.ts';
import { expiryOf, firstAdministratorLink } from '../first-administrator.ts';
import { note, print, printJson } from '../output.ts';
import { recordedHere } from '../recorded-here.ts';

export async function link({
  reset,
  json,
}: {
  readonly reset?: string;
  readonly json: boolean;
}): Promise<void> {
  const consoleUrl = consoleAddress();
  const made = await withControl((control) =>
    reset === undefined ? forFirst(control, consoleUrl) : forReset(control, consoleUrl, reset),
  );
  if (json) return printJson({ url: made.url, expiresAt: made.expiresAt.toISOString() });
  // alone on stdout, so that a script can take it
  await print(`${made.url}\n`);
  note(`this link works once, until ${made.expiresAt.toISOString()}`);
}

async function forFirst(control: Control, consoleUrl: string) {
  const made = await firstAdministratorLink(control, consoleUrl);
  if (made === undefined)
    throw badInput(
      'there is an administrator already. They can invite others; for a new password use "foreshard users link --reset EMAIL"',
    );
  return made;
}

/** Whoever opens the link has the account. */
function forReset(control: Control, consoleUrl: string, email: string) {
  return recordedHere(
    control.audit,
    { operation: 'users.link', resource: 'user', target: email, input: { user: email } },
    () => resetLink(control, consoleUrl, email),
    expiryOf,
  );
}

async function resetLink(control: Control, consoleUrl: string, email: string) {
  const person = await control.people.byEmail(email.trim().toLowerCase());
  if (person === undefined) throw badInput(`there is no person ${email}`);
  if (person.signIn === 'oidc')
    throw badInput(`${person.email} signs in at the identity provider, and has no password here`);
  if (person.state === 'disabled') throw badInput(`the account of ${person.email} is disabled`);
  return oneTimeLink(control, consoleUrl, { kind: 'reset', email: person.email });
}

function consoleAddress(): string {
  // an empty variable means an unset one
  const url = process.env.FORESHARD_CONSOLE_URL || readCredentials()?.consoleUrl;
  if (url !== undefined) return url;
  throw badInput('the address of the console is not known: set FORESHARD_CONSOLE_URL');
}
