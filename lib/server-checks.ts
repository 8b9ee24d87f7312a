import { AGENT_API_PORT } from '../core/config/fleet-rules.ts';
import { type Check, checkThat } from './checks.ts';

/** What EC2 counts as a tag's text beside letters and digits (Amazon EC2 User Guide, "Tag restrictions"). */
export const TAG_TEXT = /^[\w +\-=.:/@]{1,32}$/;

/** A name that stands in a tag of EC2 and in an option of the probe protocol alike. */
export function checkTagText(name: string, value: string | undefined): Check {
  const must = '1 to 32 characters of letters, digits, space and + - = . _ : / @';
  return checkThat(value === undefined || TAG_TEXT.test(value), name, must, value);
}

/** The roles' ranges, and that of the agent's own API, must not meet. */
export function checkPorts(ports: Readonly<Record<string, number>>, slots: number): Check {
  const sorted = [...Object.values(ports), AGENT_API_PORT].sort((a, b) => a - b);
  const inRange = sorted.every((port) => Number.isInteger(port) && port >= 1 && port + slots - 1 <= 65_535);
  const apart = sorted.every((port, index) => index === 0 || port - (sorted[index - 1] as number) >= slots);
  const holds = inRange && apart && 'game' in ports && 'probe' in ports;
  const must = `game, probe and others, each ${slots} ports from the next and from ${AGENT_API_PORT}, up to 65535`;
  return checkThat(holds, 'ports', must, ports);
}

/** Stands between double quotes, within single ones. A program is started without a shell: it has no arguments. */
export function checkLoad(load = 'api'): Check {
  const must = 'a word of --load without quotes, backslashes and spaces: a program gets no arguments of its own';
  return checkThat(/^[^'"\\\s]{1,1000}$/.test(load), 'load', must, load);
}
