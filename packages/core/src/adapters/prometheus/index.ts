export { readPrometheus } from './range-query.ts';
