/**
 * The side of a command line in a device sign-in (RFC 8628): it is given a code to show, asks every few seconds, and gets
 * a token of the person once. What is refused has the RFC's names.
 */
import { randomInt } from 'node:crypto';
import {
  DEVICE_LIFETIME_MS,
  type DeviceStore,
  newUserCode,
  type Person,
  type PersonStore,
  plainName,
  tokenOfRoles,
} from '../../access/index.ts';
import type { TokenStore } from '../../operations/handlers/index.ts';
import { hashSecret, newSecret } from './secrets.ts';
import type { Throttle } from './throttle.ts';

const TOKEN_LIFETIME_MS = 30 * 86_400_000;
const DEVICE_CHARS_MAX = 100;
const UNNAMED = 'a machine without a name';

export interface DevicesParts {
  readonly devices: DeviceStore;
  readonly people: Pick<PersonStore, 'byId'>;
  readonly tokens: Pick<TokenStore, 'create'>;
  /** so that nobody fills the table, or tries codes */
  readonly byAddress: Throttle;
  readonly nowMs: () => number;
}

export interface DeviceCodes {
  /** of the command line alone */
  readonly deviceCode: string;
  /** for the person to compare */
  readonly userCode: string;
}

export type DeviceReply =
  | { readonly kind: 'token'; readonly token: string; readonly person: Person; readonly expiresAt: Date }
  | {
      readonly kind: 'refused';
      readonly error: 'authorization_pending' | 'access_denied' | 'expired_token';
    };

export class Devices {
  private readonly parts: DevicesParts;

  constructor(parts: DevicesParts) {
    this.parts = parts;
  }

  /** Undefined: too many from this address. */
  async start(device: string, address: string): Promise<DeviceCodes | undefined> {
    const { devices, byAddress, nowMs } = this.parts;
    if ((await byAddress.waitMs(address)) > 0) return undefined;
    await byAddress.failed(address);
    const [deviceCode, userCode] = [newSecret(), newUserCode(randomInt)];
    await devices.create({
      ...{
        hash: hashSecret(deviceCode),
        userCode,
        device: plainName(device).slice(0, DEVICE_CHARS_MAX) || UNNAMED,
      },
      expiresAt: new Date(nowMs() + DEVICE_LIFETIME_MS),
    });
    return { deviceCode, userCode };
  }

  async token(deviceCode: string): Promise<DeviceReply> {
    const { devices, people, tokens, nowMs } = this.parts;
    const found = await devices.byHash(hashSecret(deviceCode));
    if (found === undefined) return refused('expired_token');
    if (found.state === 'pending') return refused('authorization_pending');
    const person = found.personId === undefined ? undefined : await people.byId(found.personId);
    const may = person?.state === 'active' ? tokenOfRoles(person.roles) : undefined;
    if (found.state === 'denied' || person === undefined || may === undefined)
      return refused('access_denied');
    if (!(await devices.use(found.id))) return refused('expired_token');
    const expiresAt = new Date(nowMs() + TOKEN_LIFETIME_MS);
    const { plaintext } = await tokens.create({
      ...{ name: `${person.email} on ${found.device}`, scopes: may.permissions, scope: may.scope },
      ...{ ownerId: person.id, expiresAt },
    });
    return { kind: 'token', token: plaintext, person, expiresAt };
  }
}

function refused(error: Extract<DeviceReply, { kind: 'refused' }>['error']): DeviceReply {
  return { kind: 'refused', error };
}
