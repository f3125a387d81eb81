export { murmur3x128 } from './murmur3.ts';
export * from './position.ts';
export * from './range.ts';
