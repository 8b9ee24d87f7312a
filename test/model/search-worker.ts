/** Searches one of the configurations in a thread of its own, and posts what came out. */
import { parentPort, workerData } from 'node:worker_threads';
import { SEARCHES } from './configurations.ts';
import { explore } from './explore.ts';

const search = SEARCHES[workerData as number];
if (search) parentPort?.postMessage(explore(search.model()));
