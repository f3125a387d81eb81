/** The terms of quotas, as they are counted and told. */

/** One quota as a request meets it. */
export interface Policy {
  readonly name: 'token-events' | 'token-bytes' | 'stream-events' | 'stream-bytes';
  readonly quota: number;
  readonly cost: number;
}

/** What is left of a policy after the request. */
export interface PolicyState extends Policy {
  readonly remaining: number;
  readonly resetSeconds: number;
}

/** short, so that a client that waits is not idle for long */
export const WINDOW_SECONDS = 1;
export type Fields = Readonly<Record<string, string>>;
