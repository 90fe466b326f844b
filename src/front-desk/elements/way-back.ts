/** Asked before "back" or "forward" leads away from the page as it is. */
type Gatekeeper = (go: () => void) => void;

let kept: { address: string; ask: Gatekeeper } | undefined;

/**
 * Keeps the page where it is while something in it would be lost: the browser's own question comes only
 * before another page is loaded.
 * @param ask what is to be done with a wish to leave, and how to grant it
 * @returns what gives the way back free
 */
export function keepWayBack(ask: Gatekeeper): () => void {
  const own = { address: location.href, ask };
  kept = own;
  return () => {
    if (kept === own) {
      kept = undefined;
    }
  };
}

/** Tells when "back" or "forward" has led to another address, and may stay there. */
export function onWayBack(listener: () => void): () => void {
  const gone = () => {
    if (kept === undefined) {
      listener();
      return;
    }
    // The browser is there already: back to where it was, from where one step leads there again.
    history.pushState(null, '', kept.address);
    kept.ask(() => {
      kept = undefined;
      history.back();
    });
  };
  addEventListener('popstate', gone);
  return () => removeEventListener('popstate', gone);
}
