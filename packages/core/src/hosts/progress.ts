/** How far a host has come: what every answer of it carries (progress-watch.ts). */
export interface Progress {
  /** version of the decision that accepted the host's last loss; 0: none */
  readonly generation: number;
  /** calls that changed something since then or since the host joined; at least 0, below 2^53 */
  readonly count: number;
}
