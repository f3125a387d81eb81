/** foreshard hosts accept-loss: shows what a host that went back has lost, and lets it be used again without it. */
import { createInterface } from 'node:readline/promises';
import { type LossReview, reviewLoss } from '@foreshard/core/migration';
import { acceptLoss } from '@foreshard/core/topology';
import { type Control, connectHost } from '../composition.ts';
import { decide, failureOf, withControl } from '../deciding.ts';
import { badInput } from '../failure.ts';
import { counted } from '../output.ts';
import { tableOf } from '../table.ts';

export interface AcceptLossOptions {
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

const SHOWN_MAX = 40;

export async function acceptHostLoss(host: number, options: AcceptLossOptions): Promise<void> {
  await withControl(async (control) => {
    const review = await reviewed(control, host);
    if (!options.json) process.stdout.write(`${shown(review)}\n`);
    const accepts = !options.dryRun && !review.isAccepted;
    if (accepts) {
      await insistOnConsent(review, options);
      // the decision is bound to the run that was reviewed
      await decide(control, acceptLoss(host, review.incarnation));
      // a convenience: the worker looks by itself
      await control.jobs.wake('reconcile').catch(() => {});
    }
    const isAccepted = accepts || review.isAccepted;
    if (options.json) process.stdout.write(`${JSON.stringify({ ...review, isAccepted })}\n`);
    else process.stdout.write(`${told(review, isAccepted)}\n`);
  });
}

async function reviewed(control: Control, id: number): Promise<LossReview> {
  const { topology, proofs } = control;
  const review = await reviewLoss(
    {
      ...{ topology, proofs },
      async onRun({ url }, use) {
        const opened = await connectHost(url);
        try {
          return await use(opened);
        } finally {
          await opened.close();
        }
      },
    },
    id,
  );
  if ('reason' in review) throw failureOf(review);
  return review;
}

async function insistOnConsent({ host, name }: LossReview, { yes, json }: AcceptLossOptions): Promise<void> {
  if (yes || (!json && (await saysYes(name)))) return;
  throw badInput(`nothing was changed: accept with "foreshard hosts accept-loss ${host} --yes"`);
}

async function saysYes(name: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(`Accept what ${name} lost? Type "yes": `)).trim() === 'yes';
  } finally {
    terminal.close();
  }
}

function shown(review: LossReview): string {
  const { name, detail, sinceMs, shardlets, whole, absent, atRisk, consequences } = review;
  const since = sinceMs === undefined ? '' : `, suspended since ${new Date(sinceMs).toISOString()}`;
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

function told({ host, name }: LossReview, isAccepted: boolean): string {
  if (isAccepted) return `Loss accepted: the worker readmits ${name}. See its state with "foreshard hosts".`;
  return `Nothing was changed. To accept: foreshard hosts accept-loss ${host}`;
}
