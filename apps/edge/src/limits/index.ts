export { type OwnQuota, QuotaBook } from './quota-book.ts';
export { Quotas } from './quotas.ts';
