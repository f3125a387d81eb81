/**
 * The address of the topology store on etcd: `etcd://host:port,host:port,host:port[/prefix]`, with TLS `etcds://`,
 * with a user `etcd://user:password@host:port`. All members are named, so that any of them may be away.
 */
export interface EtcdAddress {
  /** as the client takes them */
  readonly hosts: readonly string[];
  readonly auth: { readonly username: string; readonly password: string } | undefined;
  /** in front of every key, so that one etcd may serve several installations */
  readonly prefix: string;
  /** for messages: never with the password */
  readonly shown: string;
}

const FORM = /^(etcds?):\/\/(?:([^:@/]+):([^@/]*)@)?([^@/]+)(?:\/([A-Za-z0-9._-]*))?$/;
const MEMBER = /^[A-Za-z0-9.-]+:\d{1,5}$/;
const DEFAULT_PREFIX = 'foreshard';

/** @throws with a line that names the form */
export function parseEtcdUrl(url: string): EtcdAddress {
  const [, scheme, user, password, members = '', prefix] = FORM.exec(url) ?? [];
  const hosts = members.split(',');
  if (scheme === undefined || !hosts.every((host) => MEMBER.test(host)))
    throw new Error('TOPOLOGY_URL must have the form etcd://host:port,host:port,host:port[/prefix]');
  return {
    hosts: hosts.map((host) => `${scheme === 'etcds' ? 'https' : 'http'}://${host}`),
    auth:
      user === undefined
        ? undefined
        : { username: decodeURIComponent(user), password: decodeURIComponent(password ?? '') },
    prefix: prefix || DEFAULT_PREFIX,
    shown: members,
  };
}
