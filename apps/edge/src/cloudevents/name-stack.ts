/**
 * The names of the objects a scan is inside of, to find one that is given twice. An object usually has few
 * members, and comparing bytes beats making strings; one with many, or with names that are written with
 * escapes, gets a set of texts instead.
 */

/** Comparing each with each is the faster way up to about here. */
const COMPARED_MAX = 16;

/** The text scanned last, as the scanner tells it. */
interface ScannedText {
  readonly textFrom: number;
  readonly textTo: number;
  readonly textIsPlain: boolean;
  text(from: number, to: number, isPlain: boolean): string;
}

export interface NameScope {
  readonly base: number;
  /** the names as texts, once there are many or one has escapes */
  texts: Set<string> | undefined;
}

/** numbers; doubled when it is not enough */
const FIRST_CAPACITY = 128;

export class NameStack {
  private readonly bytes: Uint8Array;
  /** two numbers a name: where it begins and ends */
  private bounds = new Uint32Array(FIRST_CAPACITY);
  private used = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  clear(): void {
    this.used = 0;
  }

  open(): NameScope {
    return { base: this.used, texts: undefined };
  }

  close(scope: NameScope): void {
    this.used = scope.base;
  }

  /** Takes in the name scanned last; `false` when the object has it already. */
  isNew(scope: NameScope, name: ScannedText): boolean {
    if (scope.texts !== undefined) return isNewText(scope.texts, name);
    const { base } = scope;
    const { textFrom, textTo } = name;
    if (!name.textIsPlain || this.used - base >= 2 * COMPARED_MAX) {
      scope.texts = this.textsFrom(base, name);
      return isNewText(scope.texts, name);
    }
    for (let k = base; k < this.used; k += 2) {
      if (this.isSame(this.bounds[k]!, this.bounds[k + 1]!, textFrom, textTo)) return false;
    }
    this.push(textFrom, textTo);
    return true;
  }

  private push(from: number, to: number): void {
    if (this.used === this.bounds.length) {
      const larger = new Uint32Array(this.used * 2);
      larger.set(this.bounds);
      this.bounds = larger;
    }
    this.bounds[this.used++] = from;
    this.bounds[this.used++] = to;
  }

  private isSame(from: number, to: number, otherFrom: number, otherTo: number): boolean {
    if (to - from !== otherTo - otherFrom) return false;
    for (let i = from, j = otherFrom; i < to; i++, j++) if (this.bytes[i] !== this.bytes[j]) return false;
    return true;
  }

  /** those compared so far are plain */
  private textsFrom(base: number, names: ScannedText): Set<string> {
    const texts = new Set<string>();
    for (let k = base; k < this.used; k += 2) {
      texts.add(names.text(this.bounds[k]!, this.bounds[k + 1]!, true));
    }
    return texts;
  }
}

function isNewText(texts: Set<string>, name: ScannedText): boolean {
  const { size } = texts;
  texts.add(name.text(name.textFrom, name.textTo, name.textIsPlain));
  return texts.size > size;
}
