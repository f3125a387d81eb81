/** The audit log: its rows, its chain, and the ports to where it is kept. */
export * from './audit-log.ts';
export * from './chain.ts';
export * from './chain-row.ts';
export * from './repeats.ts';
export * from './rotation.ts';
export * from './verify.ts';
