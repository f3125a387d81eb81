/** RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers), as structured fields (RFC 9651). */
import { type Item, serializeList } from 'structured-headers';
import { type Fields, type PolicyState, WINDOW_SECONDS } from './policy.ts';

export function rateLimitFields(states: readonly PolicyState[]): Fields {
  return {
    'ratelimit-policy': serializeList(states.map(policyItem)),
    ratelimit: serializeList(states.map(stateItem)),
  };
}

function policyItem({ name, quota }: PolicyState): Item {
  const unit = name.endsWith('bytes') ? 'content-bytes' : 'events';
  return [
    name,
    new Map<string, number | string>([
      ['q', quota],
      ['w', WINDOW_SECONDS],
      ['qu', unit],
    ]),
  ];
}

function stateItem({ name, remaining, resetSeconds }: PolicyState): Item {
  return [
    name,
    new Map([
      ['r', remaining],
      ['t', resetSeconds],
    ]),
  ];
}
