import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../server/router.ts';

export type WhatIfView = NonNullable<inferRouterOutputs<AppRouter>['whatIf']['ask']['picture']>;
