export * from './alarms.ts';
export * from './delivery.ts';
export * from './managing.ts';
export * from './message.ts';
export * from './notices.ts';
export * from './notification-store.ts';
export * from './target.ts';
