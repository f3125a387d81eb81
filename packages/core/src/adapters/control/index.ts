export { DatabaseUnreachable } from '../prisma/index.ts';
export { CHANGES_CHANNEL, RedisChangeNotifier } from './change-notifier.ts';
export { type Control, type ControlSettings, connectControl } from './connect-control.ts';
export { openControlRedis } from './control-redis.ts';
export { type InquiryAnswerers, InquiryQueue, InquiryServer } from './inquiry-queue.ts';
export { BullJobProducer, type JobProducer } from './job-producer.ts';
export { type KnownIdentity, knownIdentity } from './known-identity.ts';
export { recentLoad } from './recent-load.ts';
