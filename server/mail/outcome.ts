/** Errors as values, for rules whose refusal is an ordinary answer. */
export type Outcome<T, F> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: F };

export function accept<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function refuse<F>(fault: F): { readonly ok: false; readonly fault: F } {
  return { ok: false, fault };
}
