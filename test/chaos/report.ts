import { type Breach, INVARIANTS } from './books.ts';
import type { ChaosReport } from './chaos.ts';

const SHOWN = 10;

export function isWell({ books }: ChaosReport): boolean {
  return books.breaches.length === 0;
}

const told = ({ invariant, atMs, text }: Breach): string => `  ${(atMs / 1_000).toFixed(1)} s, ${invariant}: ${text}`;

/** What happened, and what held: for people. */
export function chaosLines({ books, faults, settledMs, stalls }: ChaosReport): string[] {
  const { opened, ended, lost, refused, breaches, checks } = books;
  const vain = [...refused].map(([code, count]) => `${count} ${code}`).join(', ') || 'nobody';
  const kinds = [...faults].sort(([, one], [, other]) => other - one);
  const total = kinds.reduce((sum, [, count]) => sum + count, 0);
  return [
    `${total} faults: ${kinds.map(([kind, count]) => `${count} x ${kind}`).join(' · ')}`,
    `${opened} sessions opened · ${ended} ended · ${lost} moved or lost · asked in vain for 5 s: ${vain}`,
    `without a server: p50 ${books.gapMs(0.5).toFixed(0)} ms, p99 ${books.gapMs(0.99).toFixed(0)} ms, longest ${books.gapMs(1).toFixed(0)} ms; settled after ${(settledMs / 1_000).toFixed(1)} s; this machine itself stood still ${stalls} times`,
    ...Object.entries(INVARIANTS).map(([name, text]) => {
      const broken = breaches.filter(({ invariant }) => invariant === name).length;
      return `${broken === 0 ? 'holds ' : 'BROKEN'} ${text}: ${broken} breaches in ${checks[name as keyof typeof INVARIANTS]} checks`;
    }),
    ...breaches.slice(0, SHOWN).map(told),
  ];
}
