export { mountTrpc, type TrpcParts } from './mount.ts';
export type { EdgeRouter } from './router.ts';
