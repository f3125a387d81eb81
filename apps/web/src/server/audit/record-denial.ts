/** Records that somebody asked for a view that they may not see: of each person and view one row in a minute. */
import { PERMISSION_TABLE, type Permission, type Target } from '@foreshard/core/access';
import { Repeats } from '@foreshard/core/audit';
import { type Identity, originOf } from '../identity/identify.ts';
import type { ConsoleServer } from '../main.ts';

interface Denied {
  readonly server: Pick<ConsoleServer, 'audit' | 'proxies'>;
  readonly headers: Headers;
  readonly identity: Pick<Identity, 'principal' | 'sessionId'>;
}

interface View {
  /** `events.page` */
  readonly name: string;
  readonly permission: Permission;
  readonly target: Target;
}

const repeats = new Repeats();

/** Whoever is refused is told so, whether it can be recorded or not. */
export async function recordDenial(
  { server, headers, identity }: Denied,
  { name, permission, target }: View,
): Promise<void> {
  const { principal, sessionId } = identity;
  if (repeats.isRepeated(`${principal.kind} ${principal.id} ${name}`, Date.now())) return;
  const what = Object.values(target).find((one) => typeof one === 'string') ?? '';
  const entry = {
    ...{ principal, operation: name, resource: 'view', target: what, reason: '', input: { permission } },
    origin: originOf(headers, server.proxies, sessionId),
  };
  const detail = `${principal.name} may not ${PERMISSION_TABLE[permission].allows} here (permission ${permission}).`;
  await server.audit.denied(entry, 'forbidden', detail).catch((error: Error) => {
    process.stderr.write(`console: a refused ${name} is not in the audit log: ${error.message}\n`);
  });
}
