/**
 * The token of one replay of the sample. It appends to the stream of the sample, and reads back what it has appended,
 * which is what the replay proves; nothing else. That nothing is missing, and that everything is in one order, shows in the
 * whole log alone, which is not read by keys: so its reading cannot be limited to keys, and an own stream would leave the
 * pictures of `main` empty. An edge on this machine takes it from this machine only. It belongs to the person who started
 * the replay, so it never may do more than that person.
 */
import type { Principal } from '@foreshard/core/access';
import type { TokenStore } from '@foreshard/core/operations/handlers';
import type { SampleTokens } from './sample-run.ts';

export const SAMPLE_STREAM = 'main';
export const SAMPLE_PERMISSIONS = ['events:write', 'events:read'] as const;
/** Of a console that was killed in between. */
const LIFETIME_MS = 6 * 3_600_000;
const LOOPBACK = ['127.0.0.0/8', '::1/128'];

export function sampleTokens(
  tokens: Pick<TokenStore, 'create' | 'revoke'>,
  { kind, id: personId }: Pick<Principal, 'kind' | 'id'>,
  { edgeUrl, nowMs }: { readonly edgeUrl: string; readonly nowMs: () => number },
): SampleTokens {
  return {
    async make() {
      const { token, plaintext } = await tokens.create({
        ...{ name: 'sample', scopes: SAMPLE_PERMISSIONS, scope: { streams: [{ name: SAMPLE_STREAM }] } },
        cidrs: isLoopback(edgeUrl) ? LOOPBACK : [],
        ...{ ownerId: kind === 'person' ? personId : undefined, expiresAt: new Date(nowMs() + LIFETIME_MS) },
      });
      return { id: token.id, plaintext };
    },
    revoke: (id) => tokens.revoke(id),
  };
}

/** The replay runs beside the console, and reaches such an address from it alone. */
function isLoopback(url: string): boolean {
  return /^(127(\.\d{1,3}){3}|localhost|\[::1\])$/.test(new URL(url).hostname);
}
