/**
 * What pages may do, as pure decisions: where a window may go, what opens in the person's browser, which permissions are granted, whose calls on
 * the bridge are answered. Everything that is not allowed here is refused.
 */

export interface Places {
  /** The appliance's origin, as `http://127.0.0.1:8090`; undefined while none is known. */
  readonly origin: string | undefined;
  /** The app's own pages, as file URLs without query and fragment. */
  readonly ownPages: readonly string[];
}

/** Whether a window may show this URL. */
export function mayShow(url: string, places: Places): boolean {
  return isOwnPage(url, places) || isAppliance(url, places);
}

/** Whether the frame with this URL may call the bridge. Only top frames get that far. */
export function mayCallBridge(url: string, places: Places): boolean {
  return mayShow(url, places);
}

export function isAppliance(url: string, places: Places): boolean {
  const parsed = tryUrl(url);
  return parsed !== undefined && places.origin !== undefined && parsed.protocol === 'http:' && parsed.origin === places.origin;
}

function isOwnPage(url: string, places: Places): boolean {
  const parsed = tryUrl(url);
  if (parsed?.protocol !== 'file:') return false;
  parsed.search = '';
  parsed.hash = '';
  return places.ownPages.includes(parsed.href);
}

/** What a link to elsewhere becomes: a URL for the person's browser or mail program, or undefined for nothing. */
export function externalTarget(url: string, places: Places): string | undefined {
  const parsed = tryUrl(url);
  if (parsed === undefined || isAppliance(url, places)) return undefined;
  // Other schemes start programs with arguments that the page chose.
  if (!['https:', 'http:', 'mailto:'].includes(parsed.protocol)) return undefined;
  // A name and password before the host only serve to mislead.
  return parsed.username === '' && parsed.password === '' ? parsed.href : undefined;
}

const grantedPermissions: ReadonlySet<string> = new Set(['clipboard-sanitized-write', 'notifications']);

/** @param requester the URL or origin that asks */
export function mayUse(permission: string, requester: string, places: Places): boolean {
  return grantedPermissions.has(permission) && isAppliance(requester, places);
}

function tryUrl(url: string): URL | undefined {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
}
