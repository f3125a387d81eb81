/**
 * The console is rendered per request (nothing of a cluster is known when it is built), and types are
 * checked once for the whole workspace, so the build only bundles.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NextConfig } from 'next';

const workspaceRoot = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

const config: NextConfig = {
  reactStrictMode: true,
  poweredByHeader: false,
  agentRules: false,
  devIndicators: false,
  typedRoutes: true,
  transpilePackages: ['@foreshard/core'],
  serverExternalPackages: [
    ...['@prisma/client', '@prisma/adapter-pg', 'pg', 'ioredis', 'bullmq', 'etcd3', 'undici'],
    ...['@node-rs/argon2', 'rate-limiter-flexible', 'openid-client', 'jose'],
  ],
  turbopack: { root: workspaceRoot },
  typescript: { ignoreBuildErrors: true },
  // Live pictures are pushed through server-sent events; gzip would hold them back until its buffer is full.
  compress: false,
};

export default config;
