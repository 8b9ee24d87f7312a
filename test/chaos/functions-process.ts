/** The functions' own bundles in a process of their own, so that they can be killed and stopped like the other parts. */
import { join } from 'node:path';
import { loadFunctions } from '../../local/functions.ts';
import { createHttpFront } from '../../local/http-front.ts';

const [, , host = '', port = ''] = process.argv;
const functions = await loadFunctions(join(import.meta.dirname, '../../dist'), {});
const front = createHttpFront({
  assign: functions.assign,
  control: () => ({ status: 404, headers: {}, body: '' }),
  onError: (error) => console.error(error),
});
await front.listen(Number(port), host);
functions.startTick((error) => console.error(error instanceof Error ? error.message : error));
// Nothing is to be kept: what a function knows it reads again.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));
