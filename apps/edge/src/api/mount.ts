/**
 * Puts operations on a Hono app: token, parameters and media type are checked from the operation's own
 * schemas before the handler runs. Keeps the list of all operations, of which the description is made.
 */
import type { AssertedClient, Permission, Principal, Target } from '@foreshard/core/access';
import { ForeshardError } from '@foreshard/core/kernel';
import {
  ANY_TYPE,
  type AnyOperation as AnyContract,
  type Operation as Contract,
  DEFAULT_STREAM,
  type InputOf,
  onStream,
  placementOf,
  requireAllowed,
  type Tag,
} from '@foreshard/core/operations';
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { checkedParams, checkedQuery } from './checking.ts';
import { described } from './described.ts';
import { negotiated } from './negotiation.ts';
import type { AnyOperation, Operation } from './operation.ts';

/** What a handler gets, checked. */
export interface Call<P, Q> {
  readonly params: P;
  readonly query: Q;
  /** the one of the operation's media types that the client wants */
  readonly mediaType: string;
  /** undefined: the operation needs no token */
  readonly standing: Standing | undefined;
  readonly c: Context;
}

type Fields = z.core.$ZodLooseShape;
type Handler<P extends Fields, Q extends Fields> = (
  call: Call<z.output<z.ZodObject<P>>, z.output<z.ZodObject<Q>>>,
) => Response | Promise<Response>;

/** What a handler gets of a contract, checked. */
export interface ContractCall<O extends AnyContract> {
  /** from the path and the query; of an operation with a body the rest is in it */
  readonly members: O extends Contract<'query'> ? InputOf<O> : Partial<InputOf<O>>;
  readonly dryRun: boolean;
  readonly mediaType: string;
  readonly standing: Standing;
  readonly c: Context;
}

/** Whoever calls; what the caller may do can change while an answer lasts. */
export interface Standing {
  readonly principal: Principal;
  /** of a person: where that person is */
  readonly bearer: { readonly client?: AssertedClient | undefined };
  /** now, as often as it is asked; without a permission: does the caller exist still? */
  readonly holds: (permission?: Permission, target?: Target) => boolean;
}

/**
 * Without a permission: whoever is known.
 * @throws ForeshardError unauthorized, forbidden, store_unreachable
 */
export type RequirePermission = (c: Context, permission?: Permission) => Promise<Standing>;

/** Judges who calls before anything else of the request is read. @throws ForeshardError unauthorized, forbidden */
export type Admission = (c: Context) => Promise<Standing>;

export class Api {
  readonly app = new Hono();
  readonly operations: AnyOperation[] = [];
  private readonly require: RequirePermission;

  constructor(require: RequirePermission) {
    this.require = require;
  }

  mount<P extends Fields, Q extends Fields>(
    operation: Operation<P, Q>,
    handler: Handler<P, Q>,
    admission?: Admission,
  ): void {
    this.describe(operation as unknown as AnyOperation);
    const offered = mediaTypesOf(operation as unknown as AnyOperation);
    this.app.on(operation.method.toUpperCase(), honoPath(operation.path), async (c) => {
      const { permission } = operation;
      const admit = admission ?? ((call) => this.require(call, permission));
      const standing = permission === undefined ? undefined : await admit(c);
      const params = operation.params === undefined ? {} : checkedParams(operation.params, pathOf(c));
      const query = isLenient(operation.tag) ? {} : checkedQuery(operation.query ?? NOTHING, c.req.queries());
      const mediaType = negotiated(c.req.header('accept'), offered);
      return handler({ c, mediaType, standing, params, query } as Parameters<Handler<P, Q>>[0]);
    });
  }

  /** Who it is, whatever it may do. @throws ForeshardError unauthorized */
  authenticate(c: Context): Promise<Standing> {
    return this.require(c);
  }

  /** On the stream `main`, and on one that is named in the path, where the contract says so. */
  serve<O extends AnyContract>(
    contract: O,
    handler: (call: ContractCall<O>) => Response | Promise<Response>,
    admission?: Admission,
  ): void {
    for (const routed of routesOf(contract)) {
      const placement = placementOf(routed);
      const defaults = routed.http.ofStream === undefined ? {} : { stream: DEFAULT_STREAM };
      this.mount(
        described(routed),
        ({ c, mediaType, standing, params, query: { dryRun = false, ...query } }) => {
          const inPath = [...placement.path].map(([name, member]) => [member, params[name]]);
          const inQuery = [...placement.query].map(([name, member]) => [member, query[name]]);
          const members = Object.fromEntries([...inQuery, ...inPath]) as ContractCall<O>['members'];
          // what the table serves is judged where it is carried out, and what stands in a body with it
          if (routed.served === 'apart' && routed.http.body === undefined)
            requireAllowed(routed, { ...defaults, ...members }, standing!.principal);
          return handler({ c, mediaType, members, standing: standing!, dryRun: dryRun === true });
        },
        admission ?? (routed.owned === true ? (call) => this.require(call) : undefined),
      );
    }
  }

  /** An operation that is answered elsewhere. */
  serveElsewhere(contract: AnyContract): void {
    for (const routed of routesOf(contract)) this.describe(described(routed));
  }

  private describe(operation: AnyOperation): void {
    this.operations.push(operation);
  }

  /** The methods of a path, in the order that Allow shows; empty: there is no such path. */
  methodsOf(path: string): string[] {
    const methods = this.operations.filter((o) => matches(o.path, path)).map((o) => o.method.toUpperCase());
    if (methods.length === 0) return [];
    if (methods.includes('GET')) methods.push('HEAD');
    return [...new Set([...methods, 'OPTIONS'])].sort();
  }

  /** What can be posted to a path (Accept-Post). */
  bodyTypesOf(path: string): string[] {
    const posts = this.operations.filter((o) => o.body !== undefined && matches(o.path, path));
    return posts.flatMap((o) => Object.keys(o.body!.content)).filter((type) => type !== ANY_TYPE);
  }
}

function routesOf(contract: AnyContract): AnyContract[] {
  const named = onStream(contract);
  return named === undefined ? [contract] : [contract, named];
}

/** @throws ForeshardError invalid_parameter where Hono would hand on the text as it is */
function pathOf(c: Context): Record<string, string> {
  try {
    decodeURIComponent(new URL(c.req.url).pathname);
  } catch {
    throw new ForeshardError('invalid_parameter', 'the path is not percent-encoded UTF-8');
  }
  return c.req.param();
}

const NOTHING = z.object({});

/** Probes and scrapers may send parameters of their own. */
function isLenient(tag: Tag): boolean {
  return tag === 'service';
}

function mediaTypesOf({ answers }: AnyOperation): string[] {
  const [first] = Object.values(answers);
  return Object.keys(first?.content ?? {});
}

function honoPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const given = path.split('/');
  return (
    wanted.length === given.length &&
    wanted.every((part, i) => (part.startsWith('{') ? given[i] !== '' : part === given[i]))
  );
}
