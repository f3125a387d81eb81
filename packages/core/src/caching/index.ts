export * from './cached-reads.ts';
export * from './report.ts';
export { S3Fifo } from './s3-fifo.ts';
export { SEGMENT_RECORDS, segmentOf } from './segment.ts';
