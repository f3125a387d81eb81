export * from './audit-key.ts';
export * from './chain-report.ts';
export * from './head-file.ts';
