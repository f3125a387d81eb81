/** What is done for questions about a cluster that is only supposed: a worker answers. */
import type { InquiryClient } from '../../advising/index.ts';
import type { RouterHandlers } from '../operation.ts';
import type { whatIf } from '../what-if.ts';

export interface WhatIfStores {
  readonly inquiries: InquiryClient;
}

export function whatIfHandlers({ inquiries }: WhatIfStores): RouterHandlers<typeof whatIf> {
  return { ask: (question) => inquiries.ask('whatIf', question) };
}
