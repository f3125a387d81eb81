export * from './approving.ts';
export * from './carrying-out.ts';
export * from './host-orders.ts';
export * from './observing.ts';
export * from './policy-store.ts';
export * from './realising.ts';
export * from './recommendation-log.ts';
export * from './windows.ts';
