/** What only its operator knows of a host, as options of a command. */
import type { HostDescription } from '@foreshard/core/topology';
import { type Command, InvalidArgumentError } from 'commander';

export interface DescribingOptions {
  readonly zone?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly eventsPerSecond?: number;
  readonly bytesPerSecond?: number;
  readonly readsPerSecond?: number;
  readonly networkBytesPerSecond?: number;
}

const RESOURCES = ['eventsPerSecond', 'bytesPerSecond', 'readsPerSecond', 'networkBytesPerSecond'] as const;

export function describing(command: Command): Command {
  return command
    .option('--zone <zone>', 'what fails together: a rack, a room, a data centre')
    .option('--label <name=value>', 'what rules of placement may ask for; again for more', withLabel)
    .option('--events-per-second <n>', 'what it takes; else what the policy says of all hosts', amount)
    .option('--bytes-per-second <n>', 'the same in bytes of events', amount)
    .option('--reads-per-second <n>', 'reads it takes', amount)
    .option('--network-bytes-per-second <n>', 'bytes its network takes', amount);
}

/** Of what was named. Any resource named replaces all that was said of its capacity, any label all labels. */
export function descriptionOf({ zone, label, ...capacity }: DescribingOptions): HostDescription {
  const resources = Object.fromEntries(
    RESOURCES.flatMap((name) => (capacity[name] === undefined ? [] : [[name, capacity[name]]])),
  );
  return {
    ...(zone === undefined ? {} : { zone }),
    ...(label === undefined ? {} : { labels: label }),
    ...(Object.keys(resources).length === 0 ? {} : { capacity: resources }),
  };
}

function withLabel(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, name, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('a label is NAME=VALUE.');
  return { ...before, [name]: value };
}

function amount(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('a number above 0 is expected.');
}
