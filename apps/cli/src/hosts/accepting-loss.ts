/** foreshard hosts accept-loss: shows what a host that went back has lost, and lets it be used again without it. */
import { hosts, type OutputOf } from '@foreshard/core/operations';
import { badInput } from '../failure.ts';
import { type OperationOptions, runOperation } from '../operations/run-operation.ts';
import { counted, print, printJson, saysYes } from '../output.ts';
import { tableOf } from '../table.ts';

export interface AcceptLossOptions extends OperationOptions {
  readonly yes: boolean;
}

type LossReview = OutputOf<typeof hosts.loss>;

const SHOWN_MAX = 40;

export async function acceptHostLoss(host: number, options: AcceptLossOptions): Promise<void> {
  const review = await runOperation(hosts.loss, { host }, options);
  if (!options.json) await print(`${shown(review)}\n`);
  const accepts = options.dryRun !== true && !review.isAccepted;
  if (accepts) {
    await insistOnConsent(review, options);
    // the decision is bound to the run that was reviewed
    await runOperation(hosts.acceptLoss, { host, incarnation: review.incarnation }, options);
  }
  const isAccepted = accepts || review.isAccepted;
  if (options.json) printJson({ ...review, isAccepted });
  else await print(`${textOf(review, isAccepted)}\n`);
}

async function insistOnConsent({ host, name }: LossReview, { yes, json }: AcceptLossOptions): Promise<void> {
  if (yes || (!json && (await saysYes(`Accept what ${name} lost?`)))) return;
  throw badInput(`nothing was changed: accept with "foreshard hosts accept-loss ${host} --yes"`);
}

function shown(review: LossReview): string {
  const { name, detail, suspendedAt, shardlets, whole, absent, atRisk, consequences } = review;
  const since = suspendedAt === null ? '' : `, suspended since ${suspendedAt}`;
  const more = shardlets.length - SHOWN_MAX;
  return [
    `${name} went back to an older state${since}`,
    `  ${detail}`,
    '',
    ...(shardlets.length === 0 ? [] : [tableOf(shardlets.slice(0, SHOWN_MAX).map(rowOf))]),
    ...(more > 0 ? [`and ${counted(more, 'shardlet')} more (--json shows all)`] : []),
    `${counted(shardlets.length, 'shardlet')} affected (${absent} absent), ${counted(atRisk, 'event')} at risk; ${counted(whole, 'shardlet')} whole`,
    '',
    ...consequences.map((line) => `- ${line}`),
  ].join('\n');
}

function rowOf(loss: LossReview['shardlets'][number]): Readonly<Record<string, unknown>> {
  return {
    shardlet: loss.shardlet,
    stream: loss.stream,
    kind: loss.takesAppends ? 'open' : 'closed',
    'last before': loss.lastSeqBefore ?? 'unknown',
    'last now': loss.lastSeqNow ?? 'absent',
    certain: loss.certainSeq,
    'at risk': loss.atRisk,
  };
}

function textOf({ host, name }: LossReview, isAccepted: boolean): string {
  if (isAccepted) return `Loss accepted: the worker readmits ${name}. See its state with "foreshard hosts".`;
  return `Nothing was changed. To accept: foreshard hosts accept-loss ${host}`;
}
