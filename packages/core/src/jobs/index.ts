export * from './catalogue.ts';
export * from './job-runs.ts';
