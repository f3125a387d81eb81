export { SealAuditJob } from './seal-audit-job.ts';
