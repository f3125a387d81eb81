/**
 * The client of etcd with what every call of the topology store needs: a deadline, the next member when one does not
 * answer, and one clear line when none does. Every call may be sent twice, also a transaction: see TopologyLog.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Etcd3, isRecoverableError } from 'etcd3';
import { within } from '../deadline/index.ts';
import { DatabaseUnreachable } from '../prisma/index.ts';
import type { EtcdAddress } from './address.ts';

/** One attempt at one member; a commit takes milliseconds. */
const ATTEMPT_MS = 2_000;
/** A call waits for an election, which takes about a second, and for one member that hangs. */
const CALL_MS = 6_000;
const RETRY_PAUSE_MS = 100;
/** A page of the change log holds at most this; the client's own limit is 4 MB. */
const MESSAGE_BYTES_MAX = 256 * 1024 * 1024;

export class EtcdConnection {
  readonly client: Etcd3;
  private readonly address: EtcdAddress;
  private readonly callMs: number;

  constructor(address: EtcdAddress, callMs = CALL_MS) {
    this.address = address;
    this.callMs = callMs;
    this.client = new Etcd3({
      hosts: [...address.hosts],
      ...(address.auth === undefined ? {} : { auth: address.auth }),
      defaultCallOptions: (context) => (context.isStream ? {} : { deadline: Date.now() + ATTEMPT_MS }),
      grpcOptions: { 'grpc.max_receive_message_length': MESSAGE_BYTES_MAX },
    });
  }

  /**
   * REQUIRES a call that may be repeated.
   * @throws DatabaseUnreachable when no member answered in time: what was asked for may still have happened
   */
  async reaching<T>(call: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + this.callMs;
    for (;;) {
      try {
        return await within(deadline - Date.now(), call(), `no answer within ${this.callMs / 1000} s`);
      } catch (error) {
        if (!mayPass(error) || Date.now() + RETRY_PAUSE_MS >= deadline) throw this.unreachable(error);
        await sleep(RETRY_PAUSE_MS);
      }
    }
  }

  close(): void {
    this.client.close();
  }

  private unreachable(cause: unknown): DatabaseUnreachable {
    const reason = (cause as Error).message.split('\n')[0];
    const line = `etcd at ${this.address.shown} cannot be reached (${reason}): check TOPOLOGY_URL`;
    return new DatabaseUnreachable(line, { cause });
  }
}

/** An election, a member that ended, or a circuit the client has opened for a member; not a wrong password. */
function mayPass(error: unknown): boolean {
  return error instanceof Error && (isRecoverableError(error) || 'isBrokenCircuitError' in error);
}
