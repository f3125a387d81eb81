/**
 * Up to which commit of a member its positions are known here. Answers to commits that were sent side by side come in
 * any order; one that is missing in between went through another edge.
 */
export class CommitCount {
  private upTo: number;
  private readonly beyond = new Set<number>();

  constructor(upTo: number) {
    this.upTo = upTo;
  }

  /** The positions of this commit are known. */
  note(commit: number): void {
    if (commit > this.upTo) this.beyond.add(commit);
    while (this.beyond.delete(this.upTo + 1)) this.upTo++;
  }

  /** All positions were read when there had been so many commits. */
  read(commits: number): void {
    this.upTo = Math.max(this.upTo, commits);
    for (const commit of this.beyond) if (commit <= this.upTo) this.beyond.delete(commit);
    this.note(this.upTo);
  }

  /** What is known may be wrong: it is read again at the next look. */
  doubt(): void {
    this.upTo = -1;
    this.beyond.clear();
  }

  isUpTo(commits: number): boolean {
    return this.upTo >= commits;
  }
}
