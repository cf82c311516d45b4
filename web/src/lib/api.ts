// The two services of the wire contract, each with its token.
import { createClient, ConnectError, Code, type Client, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { OpsService, PhoneService } from "../gen/ringtrip/v1/ringtrip_pb";

export type PhoneClient = Client<typeof PhoneService>;
export type OpsClient = Client<typeof OpsService>;

/** Makes the way to the server for one bearer token. The mock backend has its own. */
export type Dial = (token: string) => Transport;

let leaving = false;

/** From now on requests outlive the page. */
export function leave(): void {
  leaving = true;
}

export const dial: Dial = (token) => {
  const authorise: Interceptor = (next) => (request) => {
    request.header.set("Authorization", `Bearer ${token}`);
    return next(request);
  };
  return createConnectTransport({
    baseUrl: location.origin, interceptors: [authorise],
    fetch: (input, init) => fetch(input, leaving ? { ...init, keepalive: true } : init),
  });
};

export function phoneClient(transport: Transport): PhoneClient {
  return createClient(PhoneService, transport);
}

export function opsClient(transport: Transport): OpsClient {
  return createClient(OpsService, transport);
}

/** What went wrong, for people. */
export function plain(error: unknown): string {
  const e = ConnectError.from(error);
  switch (e.code) {
    case Code.Unavailable:
    case Code.Unknown:
      return "The server can't be reached";
    case Code.Unauthenticated:
      return "This page's token is not valid any more; reload the page";
    case Code.DeadlineExceeded:
      return "The server took too long";
    default:
      return e.rawMessage ? e.rawMessage[0]!.toUpperCase() + e.rawMessage.slice(1) : "The server said no";
  }
}

/** Whether the same request may work later. */
export function transient(error: unknown): boolean {
  const { code } = ConnectError.from(error);
  return code === Code.Unavailable || code === Code.Unknown || code === Code.DeadlineExceeded || code === Code.Aborted || code === Code.ResourceExhausted;
}
