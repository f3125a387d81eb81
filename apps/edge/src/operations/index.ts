export { BoundOperations } from './bound.ts';
export { mountOperations } from './rest.ts';
