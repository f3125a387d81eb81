export { AddressGuard, guardOfServers } from './address-guard.ts';
export { type NotificationServiceParts, notificationService } from './notification-service.ts';
export { newSecret } from './secret.ts';
export { type SignedHeaders, sign } from './signing.ts';
export { GuardedWebhookSender } from './webhook-sender.ts';
