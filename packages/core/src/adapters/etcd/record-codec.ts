/**
 * What stands in etcd: a record per decision, and from time to time a base with the whole map. Both are
 * compressed JSON of the domain's own schemas, validated when read. A record names who wrote it, so that a
 * decider whose answer was lost finds its own decision again.
 */
import { promisify } from 'node:util';
import { deflate, inflate } from 'node:zlib';
import { z } from 'zod';
import {
  changeSchema,
  garbageSchema,
  hostSchema,
  shardletSchema,
  streamSchema,
} from '../../topology/index.ts';

const count = z.int().min(0);
const nextIdsSchema = z.object({ shardlet: count, stream: count, host: count });

const recordSchema = z.object({
  /** one attempt to decide */
  by: z.string(),
  change: changeSchema,
  nextIds: nextIdsSchema,
});
export type LogRecord = z.infer<typeof recordSchema>;

const baseSchema = z.object({
  version: count,
  streams: z.array(streamSchema),
  hosts: z.array(hostSchema),
  shardlets: z.array(shardletSchema),
  garbage: z.array(garbageSchema),
  nextIds: nextIdsSchema,
});
export type Base = z.infer<typeof baseSchema>;

/** The rows of a map differ little: level 1 is fast and makes ten of one already. */
const LEVEL = { level: 1 };
const pack = promisify<Buffer, { level: number }, Buffer>(deflate);
const unpack = promisify<Buffer, Buffer>(inflate);

export async function encodeRecord(record: LogRecord): Promise<Buffer> {
  return pack(Buffer.from(JSON.stringify(recordSchema.encode(record))), LEVEL);
}

export async function decodeRecord(bytes: Buffer): Promise<LogRecord> {
  return recordSchema.decode(JSON.parse((await unpack(bytes)).toString()));
}

export async function encodeBase(base: Base): Promise<Buffer> {
  return pack(Buffer.from(JSON.stringify(baseSchema.encode(base))), LEVEL);
}

export async function decodeBase(bytes: Buffer): Promise<Base> {
  return baseSchema.decode(JSON.parse((await unpack(bytes)).toString()));
}
