/**
 * A client: sends batches of events for its keys, one request after another, tries again through another
 * edge until it has an answer for every event or gives up, and keeps a journal of what it was told.
 */
import type { Acknowledgement } from '@foreshard/core/simulation';
import type { EventReply, Scene } from './scene.ts';
import { VirtualProcess } from './virtual-process.ts';

const TRIES_MAX = 15;
const PAUSE_MS = [5, 400] as const;
const BATCH_MAX = 3;
/** sends an event again that was acknowledged before, as a client does that lost its journal */
const RESEND_SHARE = 0.12;
/** how long ago at most, so that it stays inside the window whatever the clocks do */
const RESEND_WITHIN_MICROS = 60_000_000;

interface Sent {
  readonly id: string;
  readonly key: string;
  readonly content: string;
}

export class ClientParty {
  readonly journal: Acknowledgement[] = [];
  /** requests made so far, without the tries again */
  requests = 0;
  readonly name: string;
  private readonly scene: Scene;
  private readonly process: VirtualProcess;
  private readonly keys: readonly string[];
  private readonly usesTokens: boolean;
  private token = 0;
  private made = 0;
  private readonly acknowledged: { readonly sent: Sent; readonly atMicros: number }[] = [];

  constructor(name: string, scene: Scene, keys: readonly string[], usesTokens: boolean) {
    this.name = name;
    this.scene = scene;
    this.process = new VirtualProcess(name, scene.schedule);
    this.keys = keys;
    this.usesTokens = usesTokens;
  }

  /** Makes that many requests, each after the last one was answered. */
  async run(requests: number, pauseMsMax: number): Promise<void> {
    await this.process.run(async () => {
      for (let i = 0; i < requests; i++) {
        await this.pause(this.scene.draws.below(pauseMsMax));
        this.requests++;
        await this.deliver(this.nextBatch());
      }
    });
  }

  /** One event for this key; `false` when no edge took it. */
  async probe(key: string): Promise<boolean> {
    return this.process.run(() => this.deliver([this.newEvent(key)]));
  }

  private nextBatch(): Sent[] {
    const { draws } = this.scene;
    const now = this.scene.schedule.nowMicros();
    const recent = this.acknowledged.slice(-40).filter((each) => now - each.atMicros < RESEND_WITHIN_MICROS);
    if (recent.length > 0 && draws.chance(RESEND_SHARE)) return [draws.pick(recent).sent];
    const count = 1 + draws.below(BATCH_MAX);
    const keys = new Set(Array.from({ length: count }, () => draws.pick(this.keys)));
    return [...keys].map((key) => this.newEvent(key));
  }

  private newEvent(key: string): Sent {
    const id = `${this.name}-${++this.made}`;
    const event = { specversion: '1.0', source: '/simulation', type: 't', id, partitionkey: key };
    return { id, key, content: JSON.stringify(event) };
  }

  private async deliver(batch: readonly Sent[]): Promise<boolean> {
    let left = batch;
    for (let attempt = 0; attempt < TRIES_MAX && left.length > 0; attempt++) {
      if (attempt > 0) await this.pause(this.scene.draws.between(...PAUSE_MS));
      const replies = await this.send(left);
      if (replies !== undefined) left = left.filter((sent, i) => !this.take(sent, replies[i]!));
    }
    return left.length === 0;
  }

  private async send(batch: readonly Sent[]): Promise<EventReply[] | undefined> {
    const { network, draws, edges, history } = this.scene;
    const edge = draws.pick(edges);
    const lines = batch.map((sent) => sent.content).join('\n');
    const tokenTs = this.usesTokens ? this.token : 0;
    const ids = batch.map((sent) => sent.id);
    history.note(this.name, `-> ${edge.name} ${ids}`, ids);
    try {
      return await network.call(
        this.process,
        edge,
        'POST events',
        () => edge.append(lines, tokenTs),
        (reason) => new Error(reason),
      );
    } catch (error) {
      history.note(this.name, `<- ${edge.name} ${ids}: ${(error as Error).message}`, ids);
      return undefined;
    }
  }

  private take(sent: Sent, reply: EventReply): boolean {
    const { history, schedule } = this.scene;
    const { status, code, shardlet, seq, ts } = reply;
    const what = status === 'refused' ? code : `${status} shardlet ${shardlet} seq ${seq} ts ${ts}`;
    history.note(this.name, `<- ${sent.id}: ${what}`, [sent.id]);
    if (status === 'refused') return false;
    const atMicros = schedule.nowMicros();
    const { id: event, key, content } = sent;
    const epoch = this.scene.epochOf(event, shardlet, seq);
    this.journal.push({ event, client: this.name, key, content, shardlet, seq, ts, epoch, atMicros });
    this.acknowledged.push({ sent, atMicros });
    this.token = Math.max(this.token, ts ?? 0);
    return true;
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(resolve, ms);
    });
  }
}
