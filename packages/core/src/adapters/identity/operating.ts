/** What operations on people, sessions and the own account need of this folder. */
import type { AccountStores, UserStores } from '../../operations/handlers/index.ts';
import { hashPassword, passwordFault, verifyPassword } from './passwords.ts';
import { hashSecret, newSecret } from './secrets.ts';
import { SESSION_SETTINGS } from './sessions.ts';

type IdentityParts = Pick<UserStores, 'newSecret'> & Pick<AccountStores, 'passwords' | 'sessionIdleMs'>;

export function identityParts(sessionIdleMs = SESSION_SETTINGS.idleMs): IdentityParts {
  return {
    newSecret() {
      const secret = newSecret();
      return { secret, hash: hashSecret(secret) };
    },
    passwords: { hash: hashPassword, verify: verifyPassword, fault: passwordFault },
    sessionIdleMs,
  };
}
