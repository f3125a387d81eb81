export { digestOf, type OpenCheckpointStores, openCheckpointStores } from './open.ts';
