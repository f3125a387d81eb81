/**
 * Counts by minute and key, as they come: a trace is tens of millions of them, and objects would take a gigabyte.
 */
export class CountedRows {
  length = 0;
  minute = new Int32Array(1 << 16);
  key = new Int32Array(1 << 16);
  count = new Float32Array(1 << 16);

  /** minutes from the beginning of the trace; rows may come in any order, and the same minute and key again */
  add(minute: number, key: number, count: number): void {
    if (this.length === this.minute.length) this.grow();
    this.minute[this.length] = minute;
    this.key[this.length] = key;
    this.count[this.length++] = count;
  }

  private grow(): void {
    const room = 2 * this.length;
    const minute = new Int32Array(room);
    const key = new Int32Array(room);
    const count = new Float32Array(room);
    minute.set(this.minute);
    key.set(this.key);
    count.set(this.count);
    Object.assign(this, { minute, key, count });
  }
}
