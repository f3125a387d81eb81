export type { ConsumedBatch, ConsumedEvent, Redriven } from './consuming/consumed.ts';
export type { Consumer, ConsumerOptions, RunOptions } from './consuming/consumer.ts';
export type { Assigned, CheckpointSettings } from './consuming/group-calls.ts';
export type {
  BatchContext,
  BatchHandler,
  DeadLetters,
  EventHandler,
  HandlerContext,
} from './consuming/handling.ts';
export { ShardletLost } from './consuming/holdings.ts';
export type { Notice } from './consuming/notices.ts';
export type { EdgesOptions, Fetch, Token } from './edge/edges.ts';
export {
  EDGE_CODES,
  type EdgeErrorCode,
  type ErrorCode,
  ForeshardError,
  isForeshardError,
  type ProblemDocument,
} from './edge/errors.ts';
export type {
  BatchInfo,
  BatchOutcome,
  Hooks,
  RequestInfo,
  RequestOutcome,
  RetryInfo,
} from './edge/hooks.ts';
export type { CloudEvent, NewEvent, Stored, StoredEvent } from './events.ts';
export { keyOf } from './events.ts';
export { connect, type Foreshard } from './foreshard.ts';
export type { KeyState, ProcessorContext, ProcessorHandler } from './processing/handling-with-state.ts';
export type { ProcessorNotice } from './processing/notices.ts';
export type { HistoryOptions, Processor, ProcessorOptions } from './processing/processor.ts';
export type { Merge, Migrate } from './processing/recovery.ts';
export type { ProcessorStats } from './processing/stats.ts';
export type { Producer, ProducerOptions, SendOptions } from './producing/producer.ts';
export type { ReadItem } from './reading/items.ts';
export type { HostRef, Lost, Page, PageRequest, Source, Trimmed } from './reading/pages.ts';
export type { PagesOptions, Reader, ReadOptions } from './reading/reader.ts';
