/** What `bench/get.ts` is measured against: Fastify, pg, one statement, nothing else. Prints the port it listens on. */
import Fastify from 'fastify';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 10 });
const app = Fastify();
app.get<{ Params: { agent_id: string } }>('/agents/:agent_id', async ({ params }, reply) => {
  const { rows } = await pool.query({
    name: 'agent',
    text: 'select * from read.agents where agent_id = $1',
    values: [params.agent_id],
  });
  if (rows.length === 0) return reply.code(404).send({});
  return rows[0] as object;
});
process.stdout.write(`${await app.listen({ host: '127.0.0.1', port: 0 })}\n`);
