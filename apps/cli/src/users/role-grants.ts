/** Roles as people write them: `operator`, `reader:stream=orders,stream=payments/eu-,group=billing`. */
import {
  EVERYWHERE,
  ROLES,
  type Role,
  type RoleGrant,
  type Scope,
  type StreamScope,
} from '@foreshard/core/access';
import { InvalidArgumentError } from 'commander';

const CURE = `a role is one of ${ROLES.join(', ')}, such as operator or reader:stream=orders,group=billing.`;

/** For commander: one more of `--role`. @throws InvalidArgumentError */
export function roleGrant(text: string, before: readonly RoleGrant[] = []): RoleGrant[] {
  const [role = '', ...limits] = text.split(/:(.*)/s);
  if (!(ROLES as readonly string[]).includes(role)) throw new InvalidArgumentError(CURE);
  const scope = limits.length === 0 ? EVERYWHERE : scopeOf(limits[0]!);
  return [...before, { role: role as Role, scope }];
}

function scopeOf(text: string): Scope {
  const streams: StreamScope[] = [];
  const groups: string[] = [];
  const clusters: string[] = [];
  for (const part of text.split(',')) {
    const [, dimension, name] = /^(stream|group|cluster)=(.+)$/s.exec(part) ?? [];
    if (dimension === undefined || name === undefined) throw new InvalidArgumentError(CURE);
    if (dimension === 'stream') streams.push(streamOf(name));
    else (dimension === 'group' ? groups : clusters).push(name);
  }
  return {
    ...(streams.length === 0 ? {} : { streams }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(clusters.length === 0 ? {} : { clusters }),
  };
}

/** Names of streams have no slash: what follows one is how keys begin. */
function streamOf(text: string): StreamScope {
  const [name = '', keyPrefix] = text.split(/\/(.*)/s);
  if (name === '' || keyPrefix === '') throw new InvalidArgumentError(CURE);
  return keyPrefix === undefined ? { name } : { name, keyPrefix };
}
