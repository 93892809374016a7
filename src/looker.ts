/** What a thread starts with that helps to look again at what a pass has looked at. Compiled, compose.ts hands it on. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Share } from './engine/state/look-again.ts';
import { lookBeside } from './engine/state/look-again.ts';

if (parentPort === null) throw new Error('this file is run in a thread');
const share: Share = workerData;
parentPort.postMessage(lookBeside(share));
