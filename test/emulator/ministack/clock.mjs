/** The monotonic clock of a function: that of the machine, ahead by as many ms as the file in ONEDOOR_CLOCK holds. */
import { readFileSync } from 'node:fs';

const path = process.env.ONEDOOR_CLOCK ?? '';
const now = performance.now.bind(performance);
performance.now = () => now() + Number(readFileSync(path, 'utf8'));
