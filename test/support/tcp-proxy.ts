import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A place between a process and its database, at which its connections can be tampered with. */
export interface TcpProxy {
  /** The database's own address, by way of the proxy. */
  url: string;
  /** Ends all connections, on both sides. */
  cutAll(): void;
  close(): Promise<void>;
}

/** @param pass what goes over from one to the other, for each connection; where one ends, the other does */
export async function startTcpProxy(
  databaseUrl: string,
  pass: (near: Socket, far: Socket) => void,
): Promise<TcpProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const cutAll = () => {
    for (const socket of sockets) {
      socket.destroy();
    }
  };
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    sockets.add(near).add(far);
    pass(near, far);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => undefined);
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    cutAll,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cutAll();
      }),
  };
}
