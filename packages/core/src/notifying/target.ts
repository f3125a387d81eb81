/**
 * Who is told what: an address outside, the secret its messages are signed with, and the kinds of notice it wants.
 */
import { z } from 'zod';

/** Every kind of notice, with what it says, for forms and help. */
export const NOTICE_KINDS = {
  'recommendation.waiting': 'a recommendation waits for a person',
  'recommendation.failed': 'what was approved could not be carried out',
  'move.failed': 'a move of a shardlet was given up',
  'alarm.host': 'a host does not answer, was refused, or is full',
  'alarm.capacity': 'the cluster needs more hosts than the policy allows',
  'alarm.checkpoint': 'retention comes to events that the state of a group needs',
  'alarm.forecast': 'forecasts are late, so plans stand on the load of now',
} as const;
export type NoticeKind = keyof typeof NOTICE_KINDS;
export const noticeKinds = Object.keys(NOTICE_KINDS) as [NoticeKind, ...NoticeKind[]];

export const TARGET_FORMATS = ['webhook', 'slack'] as const;
export type TargetFormat = (typeof TARGET_FORMATS)[number];

/** Between two messages to one target; what comes up meanwhile is told in one. */
export const PAUSE_S_DEFAULT = 60;
const PAUSE_S_MAX = 86_400;

export const targetRequestSchema = z.object({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'a name is up to 63 of a-z, 0-9, dot, underscore and hyphen'),
  url: z
    .url({
      protocol: /^https?$/,
      error: 'an address such as https://example.com/hook is needed',
      abort: true,
    })
    .refine((url) => !hasLogin(url), 'an address has no user or password: the signature tells who sends'),
  format: z.enum(TARGET_FORMATS).default('webhook'),
  /** none: it gets only what is sent to it by name, such as requests for hosts */
  kinds: z.array(z.enum(noticeKinds)).default(noticeKinds),
  pauseSeconds: z.int().min(0).max(PAUSE_S_MAX).default(PAUSE_S_DEFAULT),
});
function hasLogin(url: string): boolean {
  const { username, password } = new URL(url);
  return username + password !== '';
}

export type TargetRequest = z.output<typeof targetRequestSchema>;

/** Networks that are not public and may be sent to all the same, as they stand in a setting. */
export const networksSchema = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  )
  .pipe(
    z.array(
      z.union([z.cidrv4(), z.cidrv6()], {
        error: 'must be networks such as 10.0.0.0/8 or fd00::/8, separated by commas',
      }),
    ),
  );

/** For schemas of settings: both names, the second one of an earlier release. */
export const privateNetworkSettings = {
  FORESHARD_PRIVATE_NETWORKS: networksSchema.describe(
    'private networks, such as `10.20.0.0/16`, that [addresses given by people](operations.md#private-networks) may be in',
  ),
  FORESHARD_WEBHOOK_NETWORKS: networksSchema.describe(
    'as FORESHARD_PRIVATE_NETWORKS, for webhooks and pushes alone: the name of an earlier release',
  ),
};

export interface PrivateNetworks {
  /** where messages may go beside public addresses */
  readonly webhookNetworks: readonly string[];
  /** where servers may be that people name: hosts, Prometheus, an identity provider; undefined: anywhere */
  readonly serverNetworks: readonly string[] | undefined;
  /** for the log; undefined: nothing is to be said */
  readonly networksWarning: string | undefined;
}

/** The earlier name meant messages alone, and goes on meaning that: what is served from private networks stays. */
export function privateNetworksOf({
  FORESHARD_PRIVATE_NETWORKS: named,
  FORESHARD_WEBHOOK_NETWORKS: earlier,
}: Record<keyof typeof privateNetworkSettings, readonly string[]>): PrivateNetworks {
  const isNamed = named.length > 0;
  const warning =
    earlier.length === 0
      ? undefined
      : isNamed
        ? 'FORESHARD_WEBHOOK_NETWORKS is not used beside FORESHARD_PRIVATE_NETWORKS: remove it'
        : 'FORESHARD_WEBHOOK_NETWORKS is the name of an earlier release, for webhooks and pushes alone: set FORESHARD_PRIVATE_NETWORKS, which hosts, Prometheus and the identity provider obey as well';
  return {
    webhookNetworks: isNamed ? named : earlier,
    serverNetworks: isNamed ? named : undefined,
    networksWarning: warning,
  };
}

export interface Target extends TargetRequest {
  /** `whsec_` and the key in base64 (Standard Webhooks); told to people only when it is made */
  readonly secret: string;
  /** nothing is sent while it is off; what comes up meanwhile is told when it is on again, if it still holds */
  readonly enabled: boolean;
  readonly createdMs: number;
  readonly createdBy: string;
  /** no notice before */
  readonly quietUntilMs: number;
}

/** Whoever has an address there may post to it. */
export const HOOK_HOSTS: readonly string[] = [
  'hooks.slack.com',
  'discord.com',
  'hooks.zapier.com',
  'maker.ifttt.com',
];

/** Everything but the secret; whoever knows the address of a Slack hook may write there, so only its host is shown. */
export type ShownTarget = Omit<Target, 'secret'>;

export function shownTarget({ secret: _, ...target }: Target): ShownTarget {
  const { protocol, host, hostname, pathname, search } = new URL(target.url);
  const isSecret = target.format === 'slack' || search !== '' || HOOK_HOSTS.includes(hostname);
  const path = isSecret ? `${pathname.slice(0, 1)}...` : pathname;
  return { ...target, url: `${protocol}//${host}${path}` };
}
