import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { serverOf } from './mcp.server.ts';

/** The server as a program of its own, which really ends when it crashes. */
const server = serverOf(() => process.kill(process.pid, 'SIGKILL'), { changed: false, calls: [] });
await server.connect(new StdioServerTransport());
