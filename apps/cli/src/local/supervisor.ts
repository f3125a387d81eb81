/**
 * Keeps what was started running: a process that dies is started again, at once the first time and slower
 * each time after; one that dies over and over ends everything, with its last words. In the end all is
 * stopped in order: first what serves people, then the servers it needs.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  howItEnded,
  identityOf,
  type LocalServer,
  lastLines,
  type ProcessEnd,
  SetupFailure,
} from '@foreshard/local';
import { type ProcessRecord, writeRun } from './run-record.ts';

interface Kept {
  readonly name: string;
  readonly server: LocalServer;
  /** services stop before the servers they use */
  readonly role: 'service' | 'server';
}

const LAST_LINES = 5;
const FIRST_DELAY_MS = 250;
/** 0.25 + 0.5 + ... + 8 s: half a minute of trying */
const RESTARTS_MAX = 6;
/** who has run this long has recovered */
const HEALTHY_AFTER_MS = 60_000;
/** sent by somebody else: however often that happens, it is no fault of the process */
const FROM_OUTSIDE: readonly (NodeJS.Signals | null)[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'];

export class Supervisor {
  readonly #dataDir: string;
  readonly #say: (line: string) => void;
  readonly #kept: Kept[] = [];
  readonly #gaveUp = Promise.withResolvers<never>();
  /** records are written one after the other: several processes may come back in the same moment */
  #recorded: Promise<void> = Promise.resolve();
  #ready = false;
  #stopping = false;

  constructor(dataDir: string, say: (line: string) => void) {
    this.#dataDir = dataDir;
    this.#say = say;
    // it may fail before anybody waits for it
    this.#gaveUp.promise.catch(() => {});
  }

  /** rejects when a process cannot be kept alive */
  get gaveUp(): Promise<never> {
    return this.#gaveUp.promise;
  }

  async keep(name: string, role: Kept['role'], server: LocalServer): Promise<void> {
    if (this.#stopping) {
      await server.stop();
      return;
    }
    const kept = { name, role, server };
    this.#kept.push(kept);
    await this.#record();
    this.#watch(kept).catch((error) => this.#gaveUp.reject(error));
  }

  /** Ends it, and does not start it again. `false` when it keeps none of the name. */
  async release(name: string): Promise<boolean> {
    const at = this.#kept.findIndex((kept) => kept.name === name);
    if (at < 0) return false;
    const [kept] = this.#kept.splice(at, 1);
    await kept!.server.stop();
    await this.#record();
    return true;
  }

  async markReady(): Promise<void> {
    this.#ready = true;
    await this.#record();
  }

  get keepsAnything(): boolean {
    return this.#kept.length > 0;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const ofRole = (role: Kept['role']) => this.#kept.filter((kept) => kept.role === role);
    for (const { server } of ofRole('service')) await server.stop();
    await Promise.all(ofRole('server').map(({ server }) => server.stop()));
  }

  async #watch(kept: Kept): Promise<void> {
    for (let restarts = 0; ; ) {
      const since = Date.now();
      const end = await kept.server.ended;
      if (this.#stopping || !this.#kept.includes(kept)) return;
      if (Date.now() - since > HEALTHY_AFTER_MS || FROM_OUTSIDE.includes(end.signal)) restarts = 0;
      restarts = await this.#restart(kept, end, restarts);
      // what cannot be noted now is noted with the next change
      await this.#record().catch((error: Error) => this.#say(`the record is not written: ${error.message}`));
    }
  }

  /** Answers how many restarts it has taken in a row. */
  async #restart(kept: Kept, firstEnd: ProcessEnd, before: number): Promise<number> {
    let how = howItEnded(firstEnd);
    for (let restarts = before + 1; restarts <= RESTARTS_MAX; restarts += 1) {
      const delayMs = restarts === 1 ? 0 : FIRST_DELAY_MS * 2 ** (restarts - 2);
      this.#say(
        `${kept.name} ended ${how}; starting it again${delayMs === 0 ? '' : ` in ${delayMs / 1000} s`}`,
      );
      await sleep(delayMs);
      if (this.#stopping) return restarts;
      try {
        await kept.server.restart();
        return restarts;
      } catch (error) {
        how = (error as Error).message.replace(`${kept.name} ended `, '');
      }
    }
    throw await hopeless(kept, how);
  }

  #record(): Promise<void> {
    const written = this.#recorded.then(async () => {
      const processes = await Promise.all(this.#kept.map(recordOf));
      const running = processes.filter((record) => record !== undefined);
      await writeRun(this.#dataDir, this.#ready, running);
    });
    this.#recorded = written.catch(() => {});
    return written;
  }
}

async function recordOf({ name, server }: Kept): Promise<ProcessRecord | undefined> {
  const identity = await identityOf(server.pid);
  return identity === undefined ? undefined : { name, log: server.logFile, ...identity };
}

async function hopeless({ name, server }: Kept, how: string): Promise<SetupFailure> {
  const message = `${name} ended ${RESTARTS_MAX + 1} times in a row, the last time ${how}`;
  const details = await lastLines(server.logFile, LAST_LINES);
  return new SetupFailure(message, `see its log ${server.logFile}, which ends:`, { details });
}
