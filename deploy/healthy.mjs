// Whether the process of this container answers: FORESHARD_HEALTH_URL names its liveness probe, at first the edge's.
const url = process.env.FORESHARD_HEALTH_URL ?? 'http://127.0.0.1:7070/livez';
const answer = await fetch(url, { signal: AbortSignal.timeout(4_000) }).catch((error) => error);
if (!answer.ok) console.error(`${url}: ${answer.status ?? answer.cause?.message ?? answer.message}`);
process.exit(answer.ok ? 0 : 1);
