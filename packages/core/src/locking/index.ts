export * from './lock-service.ts';
export * from './route-lease.ts';
