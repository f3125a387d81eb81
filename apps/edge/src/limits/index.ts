export { HostShares } from './host-shares.ts';
export { type OwnQuota, QuotaBook } from './quota-book.ts';
export { type QuotaRedis, Quotas } from './quotas.ts';
