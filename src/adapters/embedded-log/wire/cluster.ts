import { uuidField } from './identifiers.ts';
import { message, messageField, stringField, varintField } from './protobuf.ts';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const leader = 8;

/** `ClusterInfo` of a cluster of one, which leads itself. The time is in .NET ticks since 1970. */
export const soleLeader = (instance: string, endpoint: Endpoint, time_ms: number): Buffer =>
  message(
    messageField(
      1,
      uuidField(1, instance, 'string'),
      varintField(2, BigInt(time_ms) * 10_000n),
      varintField(3, leader),
      varintField(4, 1),
      messageField(5, stringField(1, endpoint.host), varintField(2, endpoint.port)),
    ),
  );

export interface SupportedMethod {
  readonly service: string;
  readonly method: string;
  readonly features: readonly string[];
}

/** `SupportedMethods`. Clients compare the names, and the version with what they know of EventStoreDB's releases. */
export const supportedMethods = (methods: readonly SupportedMethod[], version: string): Buffer =>
  message(
    ...methods.map(({ service, method, features }) =>
      messageField(
        1,
        stringField(1, method),
        stringField(2, service),
        ...features.map((feature) => stringField(3, feature)),
      ),
    ),
    stringField(2, version),
  );
