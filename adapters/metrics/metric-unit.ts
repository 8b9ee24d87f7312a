/** The unit of a metric of ours in CloudWatch, by the end of its name. */
export function metricUnit(name: string): 'Percent' | 'Seconds' | 'Count' {
  if (name.endsWith('Pct')) return 'Percent';
  return name.endsWith('Seconds') ? 'Seconds' : 'Count';
}
