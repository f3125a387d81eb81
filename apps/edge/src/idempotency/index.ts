export { fingerprintOf, IDEMPOTENCY_HEADER, idempotencyKeyOf, scopeOf } from './idempotency-key.ts';
export {
  IDEMPOTENCY_BYTES_MAX,
  IDEMPOTENCY_LIFETIME_MS,
  IdempotencyRecords,
} from './records.ts';
export { RedisRecords } from './shared-records.ts';
