import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ, 100 on every Linux that people run (proc(5), sysconf(3)). */
const TICKS_PER_SECOND = 100;

/** CPU seconds that a process and all that it started have used so far, by /proc/PID/stat (proc(5)). */
export function cpuOfTree(root: number): number {
  const stats = readdirSync('/proc').flatMap((pid) => {
    try {
      if (!/^\d+$/.test(pid)) return [];
      // The name may hold spaces and brackets.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return [{ pid: Number(pid), parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }];
    } catch {
      // It ended meanwhile.
      return [];
    }
  });
  const sum = (pid: number): number =>
    stats.filter(({ parent }) => parent === pid).reduce((total, child) => total + sum(child.pid), 0) +
    (stats.find((each) => each.pid === pid)?.ticks ?? 0);
  return sum(root) / TICKS_PER_SECOND;
}
