/**
 * Takes checkpoints from members. The row is written first, then the content, then the row becomes valid: a member that
 * lost its shardlet meanwhile, or an edge that was killed in between, leaves a row that is swept and counts for nothing.
 */
import {
  type Announced,
  type CheckpointStore,
  isInvalidated,
  objectName,
  type StateCheckpoint,
  type Validation,
} from '../checkpointing/index.ts';
import type { Caller } from '../consuming/index.ts';
import { ForeshardError } from '../kernel/index.ts';
import { type Claim, type Fenced, foreign, groupAtWork, type StateParts, shardletNamed } from './parts.ts';

export interface CheckpointOffer
  extends Claim,
    Pick<Announced, 'seq' | 'epoch' | 'handlerVersion' | 'bytes' | 'digest' | 'keys' | 'reason'> {
  readonly base?: string | undefined;
}

export type OfferReply =
  | { readonly kind: 'announced'; readonly id: string }
  | Fenced
  | { readonly kind: 'ahead'; readonly committed: number };

export class CheckpointIntake {
  private readonly parts: StateParts;

  constructor(parts: StateParts) {
    this.parts = parts;
  }

  /** @throws ForeshardError unknown_group, invalid_parameter, foreign_member, body_too_large, conflict */
  async announce(name: string, { subject, base, ...offer }: CheckpointOffer): Promise<OfferReply> {
    const { records, stores, newId } = this.parts;
    await groupAtWork(this.parts, name);
    this.requireRoom(offer.bytes);
    await this.requireCertain(name, offer, base);
    const id = newId();
    const object = objectName({ ...offer, group: name, id });
    const announced = { ...offer, base, id, group: name, object, store: stores.current.kind };
    const reply = await records.announce(announced, subject);
    switch (reply.kind) {
      case 'announced':
        return { kind: 'announced', id };
      case 'foreign':
        return foreign(name, { member: offer.member, subject });
      case 'future':
        throw new ForeshardError(
          'invalid_parameter',
          `The epoch is in the future: what is committed is of epoch ${reply.epoch}.`,
          { pointer: '/epoch' },
        );
      case 'base':
        throw notABase();
      default:
        return reply;
    }
  }

  /**
   * May be repeated, also at another edge.
   * @throws ForeshardError unknown_group, foreign_member, invalid_parameter
   */
  async upload(name: string, subject: string, id: string, content: Uint8Array): Promise<Validation> {
    const { records, stores } = this.parts;
    await groupAtWork(this.parts, name);
    const row = await records.find(name, id);
    if (row === undefined || row.state === 'deleting') return { kind: 'gone' };
    await this.requireOwn(name, { member: row.member, subject });
    this.requireSame(row, content);
    if (row.state === 'valid') return { kind: 'valid', checkpoint: row };
    const store = stores.named(row.store) ?? stores.current;
    await store.put(row.object, content);
    const reply = await records.validate(name, id);
    if (reply.kind !== 'valid') await this.discard(row, store);
    return reply;
  }

  /** @throws ForeshardError unknown_group, foreign_member, not_found */
  async content(
    name: string,
    caller: Caller,
    id: string,
  ): Promise<{ readonly row: StateCheckpoint; readonly content: Uint8Array }> {
    const { records, stores } = this.parts;
    await groupAtWork(this.parts, name);
    await this.requireOwn(name, caller);
    const row = await records.find(name, id);
    const content = row?.state === 'valid' ? await stores.named(row.store)?.get(row.object) : undefined;
    if (row !== undefined && content !== undefined) return { row, content };
    throw new ForeshardError('not_found', `There is no content of a valid checkpoint ${id}.`);
  }

  /** What was stored for nothing goes at once; what is left after a failure is swept. */
  private async discard({ group, id, object }: StateCheckpoint, store: CheckpointStore): Promise<void> {
    const { records } = this.parts;
    await records.condemn(group, [id]);
    await store.delete([object]);
    await records.remove([id]);
  }

  private requireRoom(bytes: number): void {
    const max = Math.min(this.parts.bytesMax, this.parts.stores.current.bytesMax);
    if (bytes <= max) return;
    throw new ForeshardError(
      'body_too_large',
      `A checkpoint is at most ${max} bytes here (CHECKPOINT_BYTES_MAX, and the store ${this.parts.stores.current.kind}).`,
    );
  }

  private requireSame({ bytes, digest }: StateCheckpoint, content: Uint8Array): void {
    const found = this.parts.digestOf(content);
    if (content.length === bytes && found === digest) return;
    throw new ForeshardError(
      'invalid_parameter',
      `The content is not the one that was announced: ${content.length} bytes with ${found}, expected ${bytes} bytes with ${digest}. Send it again.`,
      { pointer: '/content' },
    );
  }

  /** A base of events that were lost is none. */
  private async requireCertain(name: string, offer: Pick<Claim, 'shardlet'>, base: string | undefined) {
    if (base === undefined) return;
    const known = await this.parts.records.find(name, base);
    const shardlet = await shardletNamed(this.parts, offer.shardlet);
    if (known === undefined || shardlet === undefined || isInvalidated(known, shardlet)) throw notABase();
  }

  /** A sign of life besides: an upload may take longer than the member's patience. */
  private async requireOwn(name: string, caller: Caller): Promise<void> {
    const [touched] = await this.parts.groups.touch([{ group: name, ...caller }]);
    if (touched?.standing === 'foreign') foreign(name, caller);
  }
}

function notABase(): ForeshardError {
  return new ForeshardError(
    'conflict',
    'The base is not a valid checkpoint of this shardlet and version with room for another delta. Announce a whole checkpoint.',
    { pointer: '/base' },
  );
}
