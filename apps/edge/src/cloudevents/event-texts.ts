/**
 * The key and the type of each event of a request, as places in its body: whoever counts or samples events
 * asks for the few texts it wants, and the rest is never made. A text that is kept longer than the request
 * must be copied: it may be a view of the whole body.
 */
import type { TextPlace } from './event-scanner.ts';

const WORDS = 4;

export class EventTexts {
  private readonly bytes: Buffer;
  /** from and to of the key, from and to of the type; each `to` doubled, and odd where the text is plain */
  private readonly places: Uint32Array;

  constructor(bytes: Buffer, count: number) {
    this.bytes = bytes;
    this.places = new Uint32Array(count * WORDS);
  }

  set(i: number, key: TextPlace, type: TextPlace): void {
    const at = i * WORDS;
    this.places[at] = key.from;
    this.places[at + 1] = key.to * 2 + Number(key.isPlain);
    this.places[at + 2] = type.from;
    this.places[at + 3] = type.to * 2 + Number(type.isPlain);
  }

  /** REQUIRES an event that was not refused when it was read. */
  key(i: number): string {
    return this.text(i * WORDS);
  }

  /** REQUIRES an event that was not refused when it was read. */
  type(i: number): string {
    return this.text(i * WORDS + 2);
  }

  private text(at: number): string {
    const from = this.places[at]!;
    const to = this.places[at + 1]! >>> 1;
    if ((this.places[at + 1]! & 1) === 1) return this.bytes.toString('latin1', from, to);
    return JSON.parse(this.bytes.toString('utf8', from - 1, to + 1)) as string;
  }
}
