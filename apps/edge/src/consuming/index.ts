export { consuming } from './routes.ts';
export type { StateStores } from './state-routes.ts';
