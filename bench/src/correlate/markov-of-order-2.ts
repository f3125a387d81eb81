/** The yardstick for time: the plainest Markov chain of order 2, counts in maps and the most frequent follower by a scan. */
export class MarkovOfOrder2 {
  private readonly counts = new Map<string, Map<string, number>>();
  private readonly histories = new Map<string, readonly [string, string]>();
  private followers: Map<string, number> | undefined;

  predict(key: string): string | undefined {
    const [earlier, last] = this.histories.get(key) ?? ['', ''];
    const context = `${earlier}\n${last}`;
    this.followers = this.counts.get(context);
    if (this.followers === undefined) {
      this.followers = new Map();
      this.counts.set(context, this.followers);
    }
    let best: string | undefined;
    let most = 0;
    for (const [type, count] of this.followers)
      if (count > most) {
        best = type;
        most = count;
      }
    return best;
  }

  learn({ key, type }: { readonly key: string; readonly type: string }): void {
    this.followers!.set(type, (this.followers!.get(type) ?? 0) + 1);
    this.histories.set(key, [this.histories.get(key)?.[1] ?? '', type]);
  }
}
