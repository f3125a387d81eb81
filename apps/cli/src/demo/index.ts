/** foreshard demo: "Watch it work" in a terminal. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type DemoRun, type DemoStatus, demoTime, isUnderWay } from '@foreshard/core/demo';
import { demo } from '@foreshard/core/operations';
import { type Command, InvalidArgumentError } from 'commander';
import { CommandFailure } from '../failure.ts';
import { interruptible } from '../interrupt.ts';
import { type OperationOptions, operating, runOperation } from '../operations/run-operation.ts';
import { note, print, printJson } from '../output.ts';
import { summaryText } from './summary-text.ts';

const LOOK_MS = 500;

interface StartOptions extends OperationOptions {
  readonly seed?: number;
}

export function register(program: Command): void {
  const group = operating(program.command('demo'), demo.start, demo.status, demo.stop)
    .description('watch it work: the same peak with the forecast and without it, on this cluster')
    .option('--seed <number>', 'of the load and of the order of the runs', seedOf)
    .action(watch);
  operating(group.command('status'), demo.status)
    .description('the demo that runs, or ran last')
    .action(async (_, command: Command) => show(command.optsWithGlobals()));
  operating(group.command('stop'), demo.stop)
    .description('end the demo; a worker deletes its stream')
    .action(async (_, command: Command) => stop(command.optsWithGlobals()));
}

function seedOf(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('a whole number, such as 7');
  return Number(text);
}

async function watch({ seed, ...options }: StartOptions): Promise<void> {
  let status: DemoStatus = await runOperation(demo.start, { seed }, options);
  note(`seed ${status.seed}; Ctrl-C stops it`);
  await interruptible(async (signal) => {
    const narrator = new Narrator();
    let isStopping = false;
    while (isUnderWay(status)) {
      if (signal.aborted && !isStopping) {
        isStopping = true;
        note('stopping; it cleans up');
        // it may have ended meanwhile
        await runOperation(demo.stop, {}, options).catch(() => {});
      }
      await sleep(LOOK_MS);
      status = await runOperation(demo.status, {}, options);
      for (const line of narrator.newIn(status)) note(line);
    }
  });
  if (options.json) printJson(status);
  else await print(summaryText(status));
  if (status.outcome !== 'done') throw new CommandFailure(`the demo ${endOf(status)}`);
}

async function show(options: OperationOptions): Promise<void> {
  const status = await runOperation(demo.status, {}, options);
  if (options.json) return printJson(status);
  await print(isUnderWay(status) ? `${status.step}\n` : summaryText(status));
}

async function stop(options: OperationOptions): Promise<void> {
  const status = await runOperation(demo.stop, {}, options);
  if (options.json) return printJson(status);
  await print('it ends within seconds\n');
}

function endOf({ outcome, reason }: DemoStatus): string {
  return outcome === 'failed' ? `failed: ${reason}` : `was ${reason}`;
}

/** Says what is new, once. */
class Narrator {
  private step = '';
  private readonly said = new Set<string>();

  newIn(status: DemoStatus): string[] {
    const lines = status.runs.flatMap((run) => this.newOf(run, status));
    if (status.step === this.step) return lines;
    this.step = status.step;
    return [...lines, status.step];
  }

  private newOf(run: DemoRun, { clock, hosts, hostPerSecond }: DemoStatus): string[] {
    const at = (second: number) => demoTime(clock, second);
    const over = run.samples.find(({ loads }) => loads.some((load) => load > (hostPerSecond ?? Infinity)));
    const lines = [
      ...run.plans.map(({ second, headline }) => `  ${at(second)}  plan: ${headline}`),
      ...run.moves.flatMap((move) =>
        move.endSecond === null
          ? []
          : [`  ${at(move.endSecond)}  shardlet moved from ${hosts[move.from]} to ${hosts[move.to]}`],
      ),
      ...(over === undefined ? [] : [`  ${at(over.second)}  a host is asked for more than it takes`]),
      ...(run.result === null ? [] : [`  ${run.result.refused} of ${run.result.sent} events refused`]),
    ].map((text) => ({ text, key: `${run.number} ${text}` }));
    const fresh = lines.filter(({ key }) => !this.said.has(key));
    for (const { key } of fresh) this.said.add(key);
    return fresh.map(({ text }) => text);
  }
}
