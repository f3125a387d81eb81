export * from './cache-reports.ts';
