const TOKEN_KEY = 'onedoor.token';

/** What a request came to: the answer, or one line for people, with the code where there is one. */
export type Reply<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: string; readonly text: string };

/**
 * The token stands behind `#` in the address that was printed, so that it is in no request for a page and in no log. It is
 * kept for this tab, and taken out of the address bar.
 */
export function takeToken(): void {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token === null) return;
  sessionStorage.setItem(TOKEN_KEY, token);
  history.replaceState(undefined, '', location.pathname);
}

/** Asks the page's server for something. Never rejects. */
export async function post<T>(path: string, body: object): Promise<Reply<T>> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${sessionStorage.getItem(TOKEN_KEY) ?? '-'}`,
      },
      body: JSON.stringify(body),
    });
    const value = (await response.json()) as T & { readonly code?: string; readonly detail?: string; title?: string };
    if (response.ok) return { ok: true, value };
    return { ok: false, code: value.code ?? String(response.status), text: value.detail ?? value.title ?? '' };
  } catch {
    return { ok: false, code: 'no-answer', text: 'there is no connection: nothing was asked for' };
  }
}
