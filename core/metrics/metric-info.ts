/** Programs whose health port has `GET /metrics`. */
export type Scraped = 'gateway' | 'agent';
/** Programs that write metrics for CloudWatch. */
export type Emitter = Scraped | 'assign' | 'reaper';

/** What one metric is. docs/METRICS.md is made from these. */
export interface MetricInfo {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly unit: 'Count' | 'Seconds' | 'Percent';
  /** By the label's name: its possible values, or what stands there. */
  readonly labels?: Readonly<Record<string, readonly string[] | string>>;
  /** At whose health port it is. */
  readonly at: readonly Scraped[];
  /** Its name in CloudWatch, in the namespace `Onedoor`, and who writes it there. */
  readonly cloudWatch?: { readonly name: string; readonly from: readonly Emitter[] };
  readonly means: string;
  /** What to look at when it moves. */
  readonly look: string;
}

/** In CloudWatch under `name`, by these programs. */
export const inCloudWatch = <const F extends Emitter>(name: string, ...from: readonly F[]) => ({ name, from });
