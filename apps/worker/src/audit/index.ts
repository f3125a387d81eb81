export { LostEnds } from './lost-ends.ts';
export { SealAuditJob } from './seal-audit-job.ts';
