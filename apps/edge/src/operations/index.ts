export { BoundOperations } from './bound.ts';
export { operationRouters } from './procedures.ts';
export { mountOperations } from './rest.ts';
