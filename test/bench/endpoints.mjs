/**
 * The vendors' bases, the one id in each call, and the headers to send, from `setup`: a peer asks by id, as
 * a server would, and does not repeat a fixed address.
 */
export function endpointsOf({ stubOrigin, calls }) {
  const endpoint = (vendor, before, after = '') => {
    const url = new URL(calls[vendor].url, stubOrigin).href;
    const at = url.indexOf(before);
    return {
      base: url.slice(0, at),
      id: url.slice(at + before.length, url.length - after.length),
      headers: calls[vendor].headers,
    };
  };
  return {
    vsee: endpoint('vsee', '/visits/'),
    nimbus: endpoint('nimbus', '/external-portal-access/latest-order?user_id='),
    portal: endpoint('portal', '/appointments'),
    cerbo: endpoint('cerbo', '/patients/', '/portal/enqueued'),
    mdhq: endpoint('mdhq', '/patients/', '/portal/enqueued'),
  };
}
