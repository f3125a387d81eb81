/**
 * Answers that take a second to make, kept for some seconds: tabs that look at the same picture share one, also
 * while it is being made. A failure is not kept.
 */
export class KeptAnswers<T> {
  private readonly answers = new Map<string, { readonly untilMs: number; readonly answer: Promise<T> }>();
  private readonly countMax: number;

  constructor(countMax: number) {
    this.countMax = countMax;
  }

  get(key: string, nowMs: number, freshMs: number, make: () => Promise<T>): Promise<T> {
    const kept = this.answers.get(key);
    if (kept !== undefined && nowMs < kept.untilMs) return kept.answer;
    const answer = make();
    this.answers.delete(key);
    this.answers.set(key, { untilMs: nowMs + freshMs, answer });
    // the first of a map is the oldest
    if (this.answers.size > this.countMax) this.answers.delete(this.answers.keys().next().value!);
    answer.catch(() => {
      if (this.answers.get(key)?.answer === answer) this.answers.delete(key);
    });
    return answer;
  }
}
