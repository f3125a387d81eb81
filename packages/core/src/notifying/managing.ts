/** What people do with targets: the plain functions behind the command line and the console. */
import { testMessage } from './message.ts';
import type { NotificationStore, TargetChange, WebhookSender } from './notification-store.ts';
import type { Target, TargetRequest } from './target.ts';

export interface NotificationOperator {
  readonly store: NotificationStore;
  readonly sender: Pick<WebhookSender, 'objection'>;
  readonly newSecret: () => string;
  /** unlike any other */
  readonly newId: () => string;
  /** wakes the job that sends; a lost wake-up costs some seconds */
  readonly wake: () => Promise<void>;
  readonly nowMs: () => number;
  readonly actor: string;
  readonly consoleUrl: string | undefined;
}

/** All that a operator needs but who sits at it. */
export type NotificationService = Omit<NotificationOperator, 'actor'>;

export type AddReply =
  /** the secret is told this once */
  | { readonly kind: 'added'; readonly secret: string }
  | { readonly kind: 'exists' }
  | { readonly kind: 'refused'; readonly detail: string };

export async function addTarget(operator: NotificationOperator, request: TargetRequest): Promise<AddReply> {
  const detail = await operator.sender.objection(request.url);
  if (detail !== undefined) return { kind: 'refused', detail };
  const secret = operator.newSecret();
  const made = { createdMs: operator.nowMs(), createdBy: operator.actor, enabled: true, quietUntilMs: 0 };
  const target: Target = { ...request, ...made, secret };
  return (await operator.store.add(target)) ? { kind: 'added', secret } : { kind: 'exists' };
}

/** The delivery that tells how it went; undefined when there is no such target. */
export async function testTarget(operator: NotificationOperator, name: string): Promise<string | undefined> {
  const { store, newId, nowMs, consoleUrl } = operator;
  const target = (await store.targets()).find((one) => one.name === name);
  if (target === undefined) return undefined;
  const createdMs = nowMs();
  const id = `msg_${newId()}`;
  const message = testMessage(target.format, { nowMs: createdMs, consoleUrl });
  await store.queue({ id, target: name, createdMs, ...message }, []);
  await operator.wake().catch(() => {});
  return id;
}

export async function changeTarget(
  operator: NotificationOperator,
  name: string,
  change: Omit<TargetChange, 'quietUntilMs'>,
): Promise<boolean> {
  // what was held back meanwhile is not told with a further pause
  return operator.store.change(name, { ...change, ...(change.enabled === true ? { quietUntilMs: 0 } : {}) });
}

/** Again, under the same id, at once. */
export async function redeliver(operator: NotificationOperator, id: string): Promise<boolean> {
  const found = await operator.store.redeliver(id, operator.nowMs());
  if (found) await operator.wake().catch(() => {});
  return found;
}
