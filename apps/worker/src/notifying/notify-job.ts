/**
 * Gathers what there is to tell, queues one message per target for all of it, and sends what is due. Everything stands
 * in PostgreSQL: what a target was told, what waits to be sent, when it is tried again. So a lost wake-up costs some
 * seconds, a worker may die at any point, and the same is told once.
 */
import { EVERY_CLUSTER, type PolicyStore, type RecommendationLog } from '@foreshard/core/advising';
import type { MoveLog } from '@foreshard/core/moves';
import {
  type AlarmRecord,
  afterAttempt,
  alarmsAfter,
  type Delivery,
  messageOf,
  type Notice,
  type NotificationStore,
  noticesOf,
  startSubjectOf,
  type Target,
  type WebhookSender,
} from '@foreshard/core/notifying';
import type { Logger } from 'pino';
import { type AlarmParts, observeAlarms } from './observe-alarms.ts';

export interface NotifyJobParts extends AlarmParts {
  readonly notifications: NotificationStore;
  readonly sender: Pick<WebhookSender, 'send'>;
  readonly recommendations: RecommendationLog;
  readonly policies: PolicyStore;
  readonly moves: Pick<MoveLog, 'list'>;
  readonly consoleUrl: string | undefined;
  readonly exclusively: (work: () => Promise<number>) => Promise<number | undefined>;
  readonly observe: (target: string, result: 'delivered' | 'failed') => void;
  readonly newId: () => string;
  readonly random: () => number;
  readonly log: Logger;
}

/** Of one kind; more of them are not news. */
const LISTED_MAX = 500;
/** At once, over all targets. */
const SENT_MAX = 20;
/** Longer than an answer may take: nobody else sends it meanwhile. */
const LEASE_MS = 60_000;
/** What failed before is history. */
const FAILURES_MS = 86_400_000;
const KEPT_MS = 90 * 86_400_000;

export class NotifyJob {
  private readonly parts: NotifyJobParts;

  constructor(parts: NotifyJobParts) {
    this.parts = parts;
  }

  /** Undefined when there was nothing to tell. */
  async run(signal: AbortSignal): Promise<object | undefined> {
    const queued = (await this.parts.exclusively(() => this.gather())) ?? 0;
    const sent = signal.aborted ? 0 : await this.sendDue();
    return queued + sent > 0 ? { queued, sent } : undefined;
  }

  private async gather(): Promise<number> {
    const { notifications, nowMs } = this.parts;
    const alarms = await this.lookAtAlarms();
    const targets = (await notifications.targets()).filter(({ enabled }) => enabled);
    const due = targets.filter(({ kinds, quietUntilMs }) => kinds.length > 0 && quietUntilMs <= nowMs());
    if (due.length === 0) return 0;
    const notices = noticesOf(await this.known(alarms));
    let queued = 0;
    for (const target of due) if (await this.notify(target, notices)) queued++;
    await notifications.forget(nowMs() - KEPT_MS);
    return queued;
  }

  private async lookAtAlarms(): Promise<readonly AlarmRecord[]> {
    const { notifications, nowMs } = this.parts;
    const known = await notifications.alarms();
    const { changed, forgotten } = alarmsAfter(known, await observeAlarms(this.parts), nowMs());
    if (changed.length + forgotten.length > 0) await notifications.keepAlarms(changed, forgotten);
    const byKey = new Map([...known, ...changed].map((alarm) => [alarm.key, alarm]));
    return [...byKey.values()];
  }

  private async known(alarms: readonly AlarmRecord[]) {
    const { recommendations, policies, moves, follower, nowMs } = this.parts;
    const sinceMs = nowMs() - FAILURES_MS;
    const [records, ended, { policy }] = await Promise.all([
      recommendations.list({ cluster: EVERY_CLUSTER, states: ['open', 'failed'], limit: LISTED_MAX }),
      moves.list({ ended: true, limit: LISTED_MAX }),
      policies.at(nowMs()),
    ]);
    return {
      policy,
      alarms,
      hostNames: new Map(follower.map.hosts().map(({ id, name }) => [id, name])),
      recommendations: records.filter(({ endedMs }) => endedMs === null || endedMs >= sinceMs),
      moves: ended.filter(({ endedAtMs }) => endedAtMs !== null && endedAtMs >= sinceMs),
      nowMs: nowMs(),
    };
  }

  private async notify(target: Target, notices: readonly Notice[]): Promise<boolean> {
    const { notifications, consoleUrl, newId, nowMs } = this.parts;
    const wanted = notices.filter(
      ({ kind, level, atMs }) =>
        target.kinds.includes(kind) && (!isHistory(kind, level) || atMs >= target.createdMs),
    );
    const starts = wanted.map(({ subject }) => startSubjectOf(subject)).filter((one) => one !== undefined);
    const notified = await notifications.notified(target.name, [
      ...wanted.map(({ subject }) => subject),
      ...starts,
    ]);
    const fresh = wanted.filter(({ subject }) => {
      const start = startSubjectOf(subject);
      return !notified.has(subject) && (start === undefined || notified.has(start));
    });
    // two that are about the same are one
    const news = [...new Map(fresh.map((notice) => [notice.subject, notice])).values()];
    if (news.length === 0) return false;
    const createdMs = nowMs();
    const message = messageOf(news, target.format, { nowMs: createdMs, consoleUrl });
    const delivery = { id: `msg_${newId()}`, target: target.name, createdMs, ...message };
    if (
      !(await notifications.queue(
        delivery,
        news.map(({ subject }) => subject),
      ))
    )
      return false;
    await notifications.change(target.name, { quietUntilMs: createdMs + target.pauseSeconds * 1_000 });
    return true;
  }

  private async sendDue(): Promise<number> {
    const { notifications, nowMs } = this.parts;
    const due = await notifications.claim(nowMs(), LEASE_MS, SENT_MAX);
    const targets = new Map((await notifications.targets()).map((target) => [target.name, target]));
    await Promise.all(due.map((delivery) => this.send(delivery, targets.get(delivery.target))));
    return due.length;
  }

  private async send(delivery: Delivery, target: Target | undefined): Promise<void> {
    // removed at this moment, and its deliveries with it
    if (target === undefined) return;
    const { notifications, sender, observe, random, log } = this.parts;
    const attempt = await sender.send(delivery, target);
    const after = afterAttempt(delivery, attempt, random());
    await notifications.settle(after);
    observe(target.name, after.state === 'delivered' ? 'delivered' : 'failed');
    if (after.state === 'delivered') return;
    const { status, response } = attempt;
    log.warn(
      { target: target.name, delivery: delivery.id, status, response, state: after.state },
      'not delivered',
    );
  }
}

/** What happened once, as against what holds now: a new target is not told of what was before it. */
function isHistory(kind: Notice['kind'], level: Notice['level']): boolean {
  return kind === 'recommendation.failed' || kind === 'move.failed' || level === 'ok';
}
