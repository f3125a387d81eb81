/**
 * What is known of every engine without asking a server. A new engine begins here and with its name in the topology's
 * `ENGINES`; how a server of it is asked and used is the other half of its record (adapters/engines). Both are typed by
 * that list of names, so an engine that lacks a field does not compile.
 */
import type { Host } from '../topology/index.ts';

export type EngineName = Host['engine'];

export interface EngineDescription {
  /** for people */
  readonly label: string;
  /** of its addresses, without `://`; the first one is shown to people */
  readonly schemes: readonly [string, ...string[]];
  /** what follows the scheme, as people are told to write it */
  readonly addressForm: string;
  /** what may follow a `?` in an address; others could lead the client elsewhere or into the server */
  readonly addressParameters: readonly string[];
  /** without it a crash loses acknowledged events */
  readonly durableSetting: string;
}

export const HOST_ENGINES: Readonly<Record<EngineName, EngineDescription>> = Object.freeze({
  redis: {
    label: 'Redis',
    schemes: ['redis', 'rediss'],
    addressForm: 'HOST:PORT',
    addressParameters: ['family'],
    durableSetting: 'appendfsync always',
  },
  postgres: {
    label: 'PostgreSQL',
    schemes: ['postgresql', 'postgres'],
    addressForm: 'USER:PASSWORD@HOST:PORT/DATABASE',
    addressParameters: ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'uselibpqcompat'],
    durableSetting: 'synchronous_commit = on',
  },
});

const descriptions = Object.values(HOST_ENGINES);

/** "Redis or PostgreSQL" */
export const ENGINE_LABELS = descriptions.map(({ label }) => label).join(' or ');
/** "redis:// or postgresql://" */
export const ADDRESS_STARTS = descriptions.map(({ schemes }) => `${schemes[0]}://`).join(' or ');
/** "redis://HOST:PORT or postgresql://USER:PASSWORD@HOST:PORT/DATABASE" */
export const ADDRESS_FORMS = descriptions
  .map(({ schemes, addressForm }) => `${schemes[0]}://${addressForm}`)
  .join(' or ');

const byProtocol = new Map<string, EngineName>(
  (Object.keys(HOST_ENGINES) as EngineName[]).flatMap((name) =>
    HOST_ENGINES[name].schemes.map((scheme) => [`${scheme}:`, name] as const),
  ),
);

/** The engine that answers at an address; undefined: none that can be a host. */
export function engineOf(url: string): EngineName | undefined {
  return URL.canParse(url) ? byProtocol.get(new URL(url).protocol) : undefined;
}
