/**
 * The ways to reach a host. Ordinary work goes through `trusted`, which refuses any run but the one T
 * trusts; only looking at a host and readmitting it may go to another run.
 */
import { type EventHost, type HostIdentity, HostUnreachable } from '@foreshard/core/hosts';
import { type Assessment, assess } from '@foreshard/core/migration';
import type { Host } from '@foreshard/core/topology';

export interface HostDoors {
  /** A shared connection to the run that T trusts; not to be closed. @throws HostUnreachable */
  trusted(hostId: number): Promise<EventHost>;
  /** A new connection, to one run or to whichever answers; the caller closes it. @throws HostUnreachable */
  open(host: Host, incarnation: string | undefined): Promise<EventHost>;
}

export type Look =
  | { readonly kind: 'answers'; readonly identity: HostIdentity; readonly assessment: Assessment }
  | { readonly kind: 'unreachable'; readonly detail: string };

/** Who answers at the address of a host, without using it for anything. */
export async function lookAt(host: Host, doors: HostDoors): Promise<Look> {
  try {
    const identity = await identify(host, doors);
    return { kind: 'answers', identity, assessment: assess(host, identity) };
  } catch (error) {
    return { kind: 'unreachable', detail: reasonOf(error) };
  }
}

async function identify(host: Host, doors: HostDoors): Promise<HostIdentity> {
  if (host.state !== 'readmitting') {
    try {
      return await (await doors.trusted(host.id)).identify();
    } catch (error) {
      if (!(error instanceof HostUnreachable) || error.reason === 'timeout') throw error;
      // refused, broken by a restart, or of another run: whoever answers there now tells it
    }
  }
  const anyRun = await doors.open(host, undefined);
  try {
    return await anyRun.identify();
  } finally {
    await anyRun.close();
  }
}

/** A server that must not be a host (wrong settings) is as good as away: the message says why. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
