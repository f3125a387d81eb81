/** Where people decide about notifications: the same at the edge and on the console. */
import { randomUUID } from 'node:crypto';
import type { NotificationService, NotificationStore } from '../../notifying/index.ts';
import { AddressGuard } from './address-guard.ts';
import { newSecret } from './secret.ts';
import { GuardedWebhookSender } from './webhook-sender.ts';

export interface NotificationServiceParts {
  readonly store: NotificationStore;
  /** of the job that sends */
  readonly wake: () => Promise<void>;
  /** beside public addresses, what may be sent to */
  readonly webhookNetworks: readonly string[];
  readonly consoleUrl: string | undefined;
}

export function notificationService({
  store,
  wake,
  webhookNetworks,
  consoleUrl,
}: NotificationServiceParts): NotificationService {
  const sender = new GuardedWebhookSender(new AddressGuard(webhookNetworks), Date.now);
  return { store, sender, newSecret, newId: randomUUID, wake, nowMs: Date.now, consoleUrl };
}
