/**
 * Contents of checkpoints in S3, or in what speaks like it. Nothing is expected of conditional writes, which some do not
 * know: no two uploads have the same name. Credentials come from the usual AWS_* variables, or the role of the machine.
 */
import type { S3Client } from '@aws-sdk/client-s3';
import type { CheckpointStore, S3Place } from '../../checkpointing/index.ts';
import { sideBySide } from './side-by-side.ts';
import { CheckpointStoreAway } from './store-away.ts';

/** What one put takes at most. */
const BYTES_MAX = 1_073_741_824;
const CONNECT_WITHIN_MS = 3_000;
const ANSWER_WITHIN_MS = 20_000;
const ATTEMPTS = 2;

interface Opened {
  readonly client: S3Client;
  readonly sdk: typeof import('@aws-sdk/client-s3');
}

export class S3CheckpointStore implements CheckpointStore {
  readonly kind = 's3';
  readonly bytesMax = BYTES_MAX;
  private readonly settings: S3Place;
  private opened: Promise<Opened> | undefined;

  constructor(settings: S3Place) {
    this.settings = settings;
  }

  async put(name: string, content: Uint8Array): Promise<void> {
    await this.reaching(({ client, sdk }) =>
      client.send(new sdk.PutObjectCommand({ ...this.at(name), Body: content })),
    );
  }

  get(name: string): Promise<Uint8Array | undefined> {
    return this.reaching(async ({ client, sdk }) => {
      try {
        const { Body } = await client.send(new sdk.GetObjectCommand(this.at(name)));
        return await Body?.transformToByteArray();
      } catch (error) {
        if (error instanceof sdk.NoSuchKey) return undefined;
        throw error;
      }
    });
  }

  /** One by one: not every server knows how to remove many. */
  async delete(names: readonly string[]): Promise<void> {
    await sideBySide(names, (name) =>
      this.reaching(({ client, sdk }) => client.send(new sdk.DeleteObjectCommand(this.at(name)))),
    );
  }

  async *list(prefix: string, beforeMs: number): AsyncIterable<readonly string[]> {
    const { Bucket, Key } = this.at(prefix);
    for (let token: string | undefined; ; ) {
      const request = { Bucket, Prefix: Key, ...(token === undefined ? {} : { ContinuationToken: token }) };
      const page = await this.reaching(({ client, sdk }) =>
        client.send(new sdk.ListObjectsV2Command(request)),
      );
      const old = (page.Contents ?? []).filter(
        ({ LastModified }) => LastModified !== undefined && LastModified.getTime() < beforeMs,
      );
      const names = old.flatMap((one) => (one.Key === undefined ? [] : [this.nameOf(one.Key)]));
      if (names.length > 0) yield names;
      token = page.NextContinuationToken;
      if (token === undefined) return;
    }
  }

  /** The library is large: it is loaded where it is used. */
  private open(): Promise<Opened> {
    this.opened ??= import('@aws-sdk/client-s3').then((sdk) => {
      const { endpoint, region } = this.settings;
      const client = new sdk.S3Client({
        region,
        maxAttempts: ATTEMPTS,
        // not every server knows the newer checksums; contents have digests of their own
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
        requestHandler: { connectionTimeout: CONNECT_WITHIN_MS, requestTimeout: ANSWER_WITHIN_MS },
        ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
      });
      return { client, sdk };
    });
    return this.opened;
  }

  private at(name: string): { Bucket: string; Key: string } {
    const { bucket, prefix } = this.settings;
    return { Bucket: bucket, Key: prefix === '' ? name : `${prefix}/${name}` };
  }

  private nameOf(key: string): string {
    const { prefix } = this.settings;
    return prefix === '' ? key : key.slice(prefix.length + 1);
  }

  private async reaching<T>(call: (opened: Opened) => Promise<T>): Promise<T> {
    try {
      return await call(await this.open());
    } catch (error) {
      throw new CheckpointStoreAway(`the bucket "${this.settings.bucket}" does not answer`, error);
    }
  }
}
