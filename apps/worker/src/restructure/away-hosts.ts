/**
 * The hosts that have failed to answer a mover. Their moves wait, without taking the place of others, until
 * the host answers a short question. A host is asked again at every run, with one question at a time, so a
 * frozen host costs a call and never a run.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventHost } from '@foreshard/core/hosts';
import type { Logger } from 'pino';

/** A healthy host answers within milliseconds; a run begins its moves with what is known by then. */
const PATIENCE_MS = 500;

export interface AwayHostsParts {
  /** @throws when the host cannot be used */
  readonly host: (id: number) => Promise<Pick<EventHost, 'identify'>>;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly patienceMs?: number;
}

export class AwayHosts {
  private readonly parts: AwayHostsParts;
  /** host -> why it is away */
  private readonly away = new Map<number, string>();
  private readonly questions = new Map<number, Promise<void>>();

  constructor(parts: AwayHostsParts) {
    this.parts = parts;
  }

  has(host: number): boolean {
    return this.away.has(host);
  }

  /** host -> why it is away */
  get reasons(): ReadonlyMap<number, string> {
    return new Map(this.away);
  }

  reasonOf(host: number): string {
    return this.away.get(host) ?? '';
  }

  mark(host: number, reason: string): void {
    if (!this.away.has(host)) this.parts.log.warn({ host, reason }, 'host is away: its moves wait');
    this.away.set(host, reason);
  }

  /** Asks all that are away; hosts that the topology store no longer has are forgotten. */
  async askAgain(isKnown: (host: number) => boolean): Promise<void> {
    for (const host of this.away.keys()) if (!isKnown(host)) this.away.delete(host);
    await this.silentAmong(new Set(this.away.keys()));
  }

  /** Asks these hosts; who has not answered in time is away from now on. */
  async silentAmong(hosts: ReadonlySet<number>): Promise<number[]> {
    const { patienceMs = PATIENCE_MS } = this.parts;
    const answered = new AbortController();
    const questions = Promise.all([...hosts].map((host) => this.ask(host)));
    const late = sleep(patienceMs, undefined, { signal: answered.signal }).catch(() => {});
    await Promise.race([questions, late]);
    answered.abort();
    for (const host of hosts)
      if (this.questions.has(host)) this.mark(host, `no answer within ${patienceMs} ms`);
    return [...hosts].filter((host) => this.has(host));
  }

  /** A late answer counts too: the next run knows it. */
  private ask(host: number): Promise<void> {
    const under = this.questions.get(host);
    if (under !== undefined) return under;
    const question = this.parts
      .host(host)
      .then((handle) => handle.identify())
      .then(
        () => this.answered(host),
        (error: Error) => this.mark(host, error.message),
      )
      .finally(() => this.questions.delete(host));
    this.questions.set(host, question);
    return question;
  }

  private answered(host: number): void {
    if (this.away.delete(host)) this.parts.log.info({ host }, 'host answers again: its moves go on');
  }
}
