/** The person at the command line, as notifications know one. */
import { randomUUID } from 'node:crypto';
import { type NotificationDesk, networksSchema } from '@foreshard/core/notifying';
import { type Control, newWebhookSecret, webhookSender } from '../composition.ts';
import { badInput } from '../failure.ts';
import { operatorOf } from '../restructure/operator.ts';

export async function deskOf(control: Control): Promise<NotificationDesk> {
  const networks = networksSchema.safeParse(process.env.FORESHARD_WEBHOOK_NETWORKS);
  if (!networks.success)
    throw badInput(`the variable FORESHARD_WEBHOOK_NETWORKS ${networks.error.issues[0]!.message}`);
  const { actor, nowMs } = operatorOf(control);
  const secret = await newWebhookSecret();
  return {
    store: control.notifications,
    sender: await webhookSender(networks.data),
    newSecret: () => secret,
    newId: randomUUID,
    wake: () => control.jobs.wake('notify'),
    nowMs,
    actor,
    // an empty variable means an unset one
    consoleUrl: process.env.FORESHARD_CONSOLE_URL || undefined,
  };
}
