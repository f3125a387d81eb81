export * from './host-claims.ts';
export * from './last-acknowledged.ts';
