/**
 * Hosts as they are, of which it is noted since when each does not answer: a failure deep inside a call says which host
 * it was, and so when to come back.
 */
import type { EventHosts } from '@foreshard/core/heads';
import { type EventHost, HostUnreachable } from '@foreshard/core/hosts';
import { MICROS_PER_MS } from '@foreshard/core/kernel';
import { Absences } from './absences.ts';

/** Where it is not known which host failed. */
const AT_ONCE_SECONDS = 1;

export class WatchedHosts implements EventHosts {
  private readonly hosts: EventHosts;
  private readonly absences: Absences;
  private readonly retryAfter = new WeakMap<Error, number>();
  private readonly watched = new WeakMap<EventHost, EventHost>();

  constructor(hosts: EventHosts, absences: Absences = new Absences(() => performance.now() * MICROS_PER_MS)) {
    this.hosts = hosts;
    this.absences = absences;
  }

  /** @throws HostUnreachable */
  async get(hostId: number): Promise<EventHost> {
    const host = await this.hosts.get(hostId).catch((error: unknown) => this.failed(hostId, error));
    const known = this.watched.get(host);
    if (known !== undefined) return known;
    const made = this.watch(hostId, host);
    this.watched.set(host, made);
    return made;
  }

  /** Seconds until whoever met this should come back. */
  retryAfterSeconds(error: HostUnreachable): number {
    return this.retryAfter.get(error) ?? AT_ONCE_SECONDS;
  }

  private watch(hostId: number, host: EventHost): EventHost {
    return new Proxy(host, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...given: unknown[]) => this.noted(hostId, Reflect.apply(member, target, given));
      },
    });
  }

  private noted(hostId: number, answer: unknown): unknown {
    if (!(answer instanceof Promise)) return answer;
    return answer.then(
      (value: unknown) => {
        this.absences.answered(hostId);
        return value;
      },
      (error: unknown) => this.failed(hostId, error),
    );
  }

  private failed(hostId: number, error: unknown): never {
    if (error instanceof HostUnreachable) this.retryAfter.set(error, this.absences.failed(hostId));
    throw error;
  }
}
