export * from './ledger.ts';
export * from './queue.ts';
export * from './report.ts';
export * from './worth.ts';
