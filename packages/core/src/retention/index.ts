export * from './garbage.ts';
export * from './overtaking.ts';
export * from './retention.ts';
export * from './trimming.ts';
