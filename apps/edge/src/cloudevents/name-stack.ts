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

export class NameStack {
  private readonly bytes: Uint8Array;
  /** two numbers a name: where it begins and ends */
  private readonly bounds: number[] = [];

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  clear(): void {
    this.bounds.length = 0;
  }

  open(): NameScope {
    return { base: this.bounds.length, texts: undefined };
  }

  close(scope: NameScope): void {
    this.bounds.length = scope.base;
  }

  /** Takes in the name scanned last; `false` when the object has it already. */
  isNew(scope: NameScope, name: ScannedText): boolean {
    if (scope.texts !== undefined) return isNewText(scope.texts, name);
    const { base } = scope;
    const { textFrom, textTo } = name;
    if (!name.textIsPlain || this.bounds.length - base >= 2 * COMPARED_MAX) {
      scope.texts = this.textsFrom(base, name);
      return isNewText(scope.texts, name);
    }
    for (let k = base; k < this.bounds.length; k += 2) {
      if (this.isSame(this.bounds[k]!, this.bounds[k + 1]!, textFrom, textTo)) return false;
    }
    this.bounds.push(textFrom, textTo);
    return true;
  }

  private isSame(from: number, to: number, otherFrom: number, otherTo: number): boolean {
    if (to - from !== otherTo - otherFrom) return false;
    for (let i = from, j = otherFrom; i < to; i++, j++) if (this.bytes[i] !== this.bytes[j]) return false;
    return true;
  }

  /** those compared so far are plain */
  private textsFrom(base: number, names: ScannedText): Set<string> {
    const texts = new Set<string>();
    for (let k = base; k < this.bounds.length; k += 2) {
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
