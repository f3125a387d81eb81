import type { WhatIfChange } from '@foreshard/core/advising';

export interface Names {
  readonly hosts: readonly { readonly id: string; readonly name: string }[];
  readonly streams: readonly string[];
}

export function changeText(change: WhatIfChange, { hosts }: Names): string {
  const host = (id: string) => hosts.find((one) => one.id === id)?.name ?? `host ${id}`;
  switch (change.kind) {
    case 'move':
      return `shardlet ${change.shardlet} lies on ${host(change.to)}`;
    case 'split':
      return `shardlet ${change.shardlet} is split`;
    case 'lose-host':
      return `${host(change.host)} is lost`;
    case 'drain-host':
      return `${host(change.host)} is drained`;
    case 'add-hosts':
      return change.count === 1 ? 'there is one host more' : `there are ${change.count} hosts more`;
    case 'load': {
      const { stream, shard, host: on, shardlets } = change.of;
      const of = [
        stream === undefined ? [] : [`stream ${stream}`],
        shard === undefined ? [] : [`shard ${shard}`],
        on === undefined ? [] : [host(on)],
        shardlets === undefined
          ? []
          : [shardlets.length === 1 ? `shardlet ${shardlets[0]}` : `${shardlets.length} shardlets`],
      ].flat();
      return `${change.factor} x the load${of.length === 0 ? '' : ` of ${of.join(', ')}`}`;
    }
    case 'policy':
      return `policy: ${settingsOf(change.policy).join(', ')}`;
  }
}

/** `host.fullness = 0.7` */
function settingsOf(policy: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(policy).flatMap(([group, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value).map(([name, one]) => `${group}.${name} = ${JSON.stringify(one)}`)
      : [`${group} = ${JSON.stringify(value)}`],
  );
}
