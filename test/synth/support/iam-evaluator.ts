/**
 * Judges a request by identity policies, as far as this project's policies go. The rules are AWS's:
 * - IAM User Guide, "Policy evaluation logic": denied unless a statement allows it, and an explicit deny wins.
 * - "Conditions with multiple context keys or values": operators and keys are joined by AND, values of one key by OR.
 * - "Condition operators": a key that the request does not have does not match, but for `...IfExists` and `Null`.
 * - "Single-valued vs. multivalued context keys": `ForAllValues` also holds where the request has no such key or an empty
 *   one; `ForAnyValue` does not.
 * - "Variables and tags": a variable that cannot be resolved makes its statement match nothing.
 */
export interface PolicyStatement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface AccessRequest {
  readonly action: string;
  readonly resource: string;
  /** Condition keys of the request; an array is a multivalued key. */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
}

class Unresolved extends Error {}

function list<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

/** `*` stands for any characters, `?` for one; everything else for itself, case and all. */
function like(text: string, pattern: string): boolean {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[\\s\\S]*')
    .replaceAll('?', '[\\s\\S]');
  return new RegExp(`^${escaped}$`).test(text);
}

/** The pattern with its variables replaced; what a variable stands for is taken as it is, wildcards and all. */
function resolved(pattern: string, { context }: AccessRequest): string {
  return pattern.replaceAll(/\$\{([^}]+)\}/g, (_all, name: string) => {
    const value = context[name];
    // A multivalued key cannot be a variable.
    if (typeof value !== 'string') throw new Unresolved(name);
    return value;
  });
}

type Match = (value: string, pattern: string) => boolean;
const OPERATORS: Readonly<Record<string, Match>> = {
  StringEquals: (value, pattern) => value === pattern,
  StringLike: like,
  ArnLike: like,
};

function clauseHolds(operator: string, key: string, wanted: readonly string[], request: AccessRequest): boolean {
  const found = request.context[key];
  const values = found === undefined ? [] : list(found);
  if (operator === 'Null') return wanted.includes(String(values.length === 0));
  const [, set, name = '', ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
  const match = OPERATORS[name];
  if (!match) throw new Error(`the evaluator does not know ${operator}`);
  const patterns = wanted.map((pattern) => resolved(pattern, request));
  const matches = (value: string): boolean => patterns.some((pattern) => match(value, pattern));
  if (found === undefined && ifExists) return true;
  if (set === 'ForAllValues') return values.every(matches);
  return values.some(matches);
}

function applies({ Action, Resource, Condition = {} }: PolicyStatement, request: AccessRequest): boolean {
  try {
    return (
      list(Action).some((action) => like(request.action, action)) &&
      list(Resource as string).some((resource) => like(request.resource, resolved(resource, request))) &&
      Object.entries(Condition).every(([operator, keys]) =>
        Object.entries(keys).every(([key, wanted]) => clauseHolds(operator, key, list(wanted), request)),
      )
    );
  } catch (error) {
    if (error instanceof Unresolved) return false;
    throw error;
  }
}

/** Whether the statements together allow the request. */
export function isAllowed(statements: readonly PolicyStatement[], request: AccessRequest): boolean {
  const matching = statements.filter((statement) => applies(statement, request));
  return matching.some(({ Effect }) => Effect === 'Allow') && !matching.some(({ Effect }) => Effect === 'Deny');
}
