/** How announcements turned out. What was wrong costs a count and nothing else. */
export interface SurgeFigures {
  readonly announced: number;
  readonly came: number;
  readonly falseAlarms: number;
  readonly bursts: number;
  readonly burstsAnnounced: number;
  /** came, of announced that have ended */
  readonly precision: number | null;
  /** announced, of bursts */
  readonly recall: number | null;
  readonly leadMinutes: number | null;
  /** mean squared error of the probabilities */
  readonly brier: number | null;
}

export class SurgeScore {
  private cameCount = 0;
  private falseCount = 0;
  private bursts = 0;
  private burstsAnnounced = 0;
  private lead = 0;
  private squares = 0;

  came(probability: number, leadMinutes: number): void {
    this.cameCount++;
    this.lead += leadMinutes;
    this.squares += (1 - probability) ** 2;
  }

  expired(probability: number): void {
    this.falseCount++;
    this.squares += probability ** 2;
  }

  burst(wasAnnounced: boolean): void {
    this.bursts++;
    if (wasAnnounced) this.burstsAnnounced++;
  }

  /** What was learned from the past is no merit. */
  reset(): void {
    this.cameCount = this.falseCount = this.bursts = this.burstsAnnounced = this.lead = this.squares = 0;
  }

  figures(): SurgeFigures {
    const { cameCount, falseCount, bursts, burstsAnnounced } = this;
    const announced = cameCount + falseCount;
    const over = (sum: number, count: number) => (count > 0 ? sum / count : null);
    return {
      ...{ announced, came: cameCount, falseAlarms: falseCount, bursts, burstsAnnounced },
      precision: over(cameCount, announced),
      recall: over(burstsAnnounced, bursts),
      leadMinutes: over(this.lead, cameCount),
      brier: over(this.squares, announced),
    };
  }
}
