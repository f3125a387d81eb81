/** foreshard clusters webhook: who is told what was approved. */
import { clusters } from '@foreshard/core/operations';
import { CommandFailure } from '../failure.ts';
import { type OperationOptions, runOperation } from '../operations/run-operation.ts';
import { print, printJson } from '../output.ts';

export async function setWebhook(
  name: string,
  target: string | undefined,
  options: OperationOptions,
): Promise<void> {
  const change = { name, webhook: target ?? null };
  const answer = await runOperation(clusters.change, change, options).catch((error: unknown) => {
    throw withCure(error, target);
  });
  if (options.json) return printJson(answer);
  await print(target === undefined ? `nobody is told of ${name}\n` : `${target} is told of ${name}\n`);
}

function withCure(error: unknown, target: string | undefined): unknown {
  if (!(error instanceof CommandFailure) || !error.message.includes('there is no target')) return error;
  const cure = `add it with "foreshard notifications add ${target} URL --kinds ''"`;
  return new CommandFailure(`${error.message}; ${cure}`, error.exitCode);
}
