/** How people and consoles prove who they are: passwords, sessions, one-time links, assertions. */
export { type AssertionSigner, makeAssertionSigner } from './assertions.ts';
export { Devices } from './devices.ts';
export { IdentityProvider, type OidcSettings, type PendingSignIn } from './oidc.ts';
export { identityParts } from './operating.ts';
export { hashPassword, PASSWORD_LENGTH, passwordFault, verifyPassword } from './passwords.ts';
export { hashSecret, newSecret } from './secrets.ts';
export {
  type Client,
  type NewSession,
  principalOf,
  SESSION_SETTINGS,
  type SessionSettings,
  Sessions,
  type SignedIn,
} from './sessions.ts';
export {
  ADDRESS_FAILURES_MAX,
  ADDRESS_WINDOW_MS,
  createAdministrator,
  type Entered,
  FAILURES_MAX,
  LINK_LIFETIME_MS,
  LOCKED_MS,
  linkAddress,
  makeLink,
  type Refused,
  SigningIn,
} from './signing-in.ts';
export { redisThrottle } from './throttle.ts';
