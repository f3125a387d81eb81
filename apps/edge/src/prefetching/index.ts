export { type Expectations, Prefetcher } from './prefetcher.ts';
