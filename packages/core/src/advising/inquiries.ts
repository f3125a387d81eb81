/**
 * Questions that somebody waits for and that need the whole cluster at hand: the console and the edge ask, a worker
 * answers, because neither page nor append may wait behind a plan of a hundred thousand shardlets.
 */
import { z } from 'zod';
import { type CsvFaults, type LoadReply, newClusterSchema, newLoadSchema } from '../external/index.ts';
import { type ClusterState, type PlanDocument, policySchema } from '../planning/index.ts';
import type { FiringReport } from './firings.ts';
import { type WhatIfAnswer, whatIfRequestSchema } from './what-if.ts';

export const INQUIRIES = {
  whatIf: whatIfRequestSchema,
  /** how often this policy would have fired by the load that is recorded */
  firings: z.strictObject({ policy: policySchema }),
  /** a cluster of others with its load, and newer load of one; `actor`: who gives it */
  addCluster: z.strictObject({ name: z.string(), order: newClusterSchema, actor: z.string() }),
  importLoad: z.strictObject({ name: z.string(), order: newLoadSchema, actor: z.string() }),
  /** what would be recommended for it now */
  planCluster: z.strictObject({ name: z.string(), withState: z.boolean() }),
} as const satisfies Record<string, z.ZodType>;

export type InquiryName = keyof typeof INQUIRIES;
export type InquiryQuestion<N extends InquiryName> = z.input<(typeof INQUIRIES)[N]>;
export type InquiryChecked<N extends InquiryName> = z.output<(typeof INQUIRIES)[N]>;

export interface InquiryAnswers {
  readonly whatIf: WhatIfAnswer;
  readonly firings: FiringReport;
  readonly addCluster: LoadReply | CsvFaults;
  readonly importLoad: LoadReply | CsvFaults;
  readonly planCluster:
    | { readonly kind: 'planned'; readonly document: PlanDocument; readonly state: ClusterState | null }
    | { readonly kind: 'not-planned'; readonly detail: string }
    | { readonly kind: 'unknown' };
}

export interface InquiryClient {
  /**
   * @throws ForeshardError invalid_record for a question about what is not there, `store_unreachable` when no worker
   * answers in time
   */
  ask<N extends InquiryName>(name: N, question: InquiryQuestion<N>): Promise<InquiryAnswers[N]>;
}

/** Longer than a plan of the largest cluster takes, shorter than people wait. */
const ANSWER_MS = 30_000;
/** A month of a hundred partitions is four million minutes. */
const LOAD_MS = 120_000;

export const INQUIRY_TIMEOUT_MS: Readonly<Record<InquiryName, number>> = {
  whatIf: ANSWER_MS,
  firings: ANSWER_MS,
  addCluster: LOAD_MS,
  importLoad: LOAD_MS,
  planCluster: ANSWER_MS,
};
