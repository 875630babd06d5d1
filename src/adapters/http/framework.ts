import fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import type { Problem } from '../../domain/kernel/operation.ts';
import { problem } from '../../problems.ts';
import { answerBroken, refuseExpectation } from './entrance/broken.requests.ts';
import { requestIdOf, threshold } from './entrance/entrance.ts';
import { readJson } from './intake/json.body.ts';
import { foreignBody, jsonBodies } from './intake/json.media.ts';
import type { HttpLimits } from './limits.ts';
import { boundConnections } from './listening.ts';
import type { Surface } from './surface.ts';

const checkEveryMsMax = 1_000;
const parameterCharsMax = 512;

/** What the framework refuses by itself, in our words. */
const frameworkProblem = ({ code }: FastifyError, { bodyBytesMax }: HttpLimits): Problem | undefined => {
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return problem('payload_too_large', `a body holds at most ${bodyBytesMax} bytes`, {
        more: { bytes_max: bodyBytesMax },
      });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return problem('unsupported_media_type', 'bodies are JSON: send Content-Type: application/json');
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
    case 'ECONNRESET':
      return problem('malformed_request', 'the body is not as long as Content-Length says');
    default:
      return undefined;
  }
};

/**
 * Fastify with our limits, our reading of bodies, and problems for everything that it or Node would refuse in words of
 * their own.
 */
export const framework = <Context>(surface: Surface<Context>): FastifyInstance => {
  const { options, limits, explained, refuse } = surface;
  const { headerMsMax, receiveMsMax, headerBytesMax } = limits;
  const brokenRequests = { id: options.clock.id, headerBytesMax };
  const app: FastifyInstance = fastify({
    bodyLimit: limits.bodyBytesMax,
    genReqId: ({ headers }) => requestIdOf(headers) ?? options.clock.id(),
    requestTimeout: receiveMsMax,
    keepAliveTimeout: limits.idleMsMax,
    return503OnClosing: false,
    routerOptions: { maxParamLength: parameterCharsMax },
    http: {
      headersTimeout: headerMsMax,
      requestTimeout: receiveMsMax,
      connectionsCheckingInterval: Math.min(checkEveryMsMax, Math.ceil(headerMsMax / 2)),
      maxHeaderSize: headerBytesMax,
      // Node would refuse a missing Host without a body.
      requireHostHeader: false,
    },
    clientErrorHandler: answerBroken(brokenRequests),
    frameworkErrors: (_, request, reply) => {
      request.said = ['Request-Id', request.id, 'X-Request-ID', request.id];
      refuse(request, reply, problem('malformed_request', 'the address is not a valid URL path'));
    },
  });
  app.server.on('checkExpectation', refuseExpectation(brokenRequests));
  boundConnections(app.server, limits);
  app.decorateRequest('caller', null);
  app.decorateRequest('said', null);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(jsonBodies, { parseAs: 'buffer' }, ({ headers }, bytes, done) => {
    const foreign = foreignBody(headers);
    if (foreign !== undefined) return done(new Error(foreign, { cause: problem('unsupported_media_type', foreign) }));
    const read = readJson(bytes as Buffer, limits.jsonDepthMax);
    if (read.ok) done(null, read.value);
    else done(new Error(read.complaint, { cause: problem('malformed_request', read.complaint) }));
  });
  app.setErrorHandler((error: FastifyError, request, reply) =>
    refuse(request, reply, frameworkProblem(error, limits) ?? explained(request, error)),
  );
  app.addHook('onRequest', threshold(surface));
  return app;
};
