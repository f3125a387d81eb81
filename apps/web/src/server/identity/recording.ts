/** Rows of the audit log about who came in, who went, and who was refused. */
import type { Principal } from '@foreshard/core/access';
import type { Entered } from '@foreshard/core/adapters/identity';
import { type AuditEntry, Repeats } from '@foreshard/core/audit';
import type { ConsoleServer } from '../main.ts';
import { originOf } from './identify.ts';

/** How somebody wanted to come in, and as whom, as they say. */
export interface Attempt {
  readonly by: 'password' | 'link' | 'provider';
  readonly email?: string | undefined;
}

const NOBODY: Principal = { kind: 'person', id: '', name: 'nobody', grants: [] };
/** Attempts that are refused unseen may come by the thousand. */
const repeats = new Repeats();

/** @throws what the audit log throws: nobody comes in unrecorded, and the session is ended again */
export async function recordEntry(
  server: ConsoleServer,
  headers: Headers,
  { by, email }: Attempt,
  reply: Entered,
): Promise<void> {
  if (reply.kind === 'refused') {
    const entry = entryOf(server, headers, 'session.signIn', NOBODY, named(email), { by });
    const isUnseen = reply.reason === 'locked' || reply.reason === 'throttled';
    if (isUnseen && repeats.isRepeated(`${entry.origin.address} ${entry.target}`, Date.now())) return;
    // whoever is refused is told so, whether it can be recorded or not
    await server.audit.denied(entry, reply.reason, reply.detail).catch(() => {});
    return;
  }
  const { id, person } = reply.entry.session;
  const principal: Principal = { kind: 'person', id: person.id, name: person.email, grants: [] };
  try {
    await server.audit.done(entryOf(server, headers, 'session.signIn', principal, person.email, { by }, id));
  } catch (error) {
    await server.sessions.end(reply.entry.secret).catch(() => {});
    throw error;
  }
}

export async function recordExit(
  server: ConsoleServer,
  headers: Headers,
  principal: Principal,
  sessionId: string | undefined,
): Promise<void> {
  const entry = entryOf(server, headers, 'session.signOut', principal, principal.name, {}, sessionId);
  // they are out: a row that is missing must not keep them in
  await server.audit.done(entry).catch(() => {});
}

function entryOf(
  { proxies }: ConsoleServer,
  headers: Headers,
  operation: string,
  principal: Principal,
  target: string,
  input: object,
  sessionId?: string,
): AuditEntry {
  const origin = originOf(headers, proxies, sessionId);
  return { principal, origin, operation, resource: 'session', target, reason: '', input };
}

/** People type a password where the e-mail belongs: only what looks like an address is kept. */
function named(email: string | undefined): string {
  const text = email?.trim().toLowerCase() ?? '';
  return /^[^\s@]{1,64}@[^\s@]+\.[^\s@]+$/.test(text) && text.length <= 254 ? text : '';
}
