import { sql, type Kysely } from 'kysely';

/**
 * The tables that outlive every read model. Whatever compares itself with a caller's clock is an `int8` of epoch
 * milliseconds; whatever only tells a person when, a `timestamptz` of the database's clock.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
    create table acta.checkpoints (
      name text primary key,
      position int8 not null,
      version int4 not null default 0,
      updated_at timestamptz not null default now()
    )`.execute(db);

  await sql`
    create table acta.processes (
      stream text primary key,
      kind text not null,
      due_at int8,
      owner text,
      lease_until int8,
      ready_at int8 generated always as (case when owner is null then due_at else lease_until end) stored,
      check ((owner is null) = (lease_until is null))
    )`.execute(db);
  await sql`create index processes_ready on acta.processes (ready_at) where ready_at is not null`.execute(db);

  await sql`
    create table acta.idempotency (
      principal text not null,
      key text not null,
      fingerprint text not null,
      status text not null check (status in ('in_progress', 'done')),
      response_status int4,
      response_headers jsonb,
      response_body text,
      begun_at int8 not null,
      expires_at int8 not null,
      primary key (principal, key),
      check ((status = 'done') = (response_status is not null))
    )`.execute(db);
  await sql`create index idempotency_expiry on acta.idempotency (expires_at)`.execute(db);

  await sql`
    create table acta.projections (
      name text primary key,
      served_version int4,
      state text not null default 'idle',
      building_version int4,
      building_position int8,
      building_target int8,
      building_started_at timestamptz,
      detail jsonb not null default '{}',
      error text,
      parked int4 not null default 0,
      updated_at timestamptz not null default now()
    )`.execute(db);

  await sql`
    create table acta.parked (
      projection text not null,
      position int8 not null,
      key text not null,
      version int4 not null default 0,
      event_id text not null,
      event_type text not null,
      stream text not null,
      error text not null,
      attempts int4 not null default 1,
      status text not null default 'parked' check (status in ('parked', 'retried', 'skipped')),
      parked_at timestamptz not null default now(),
      resolved_at timestamptz,
      primary key (projection, position, key)
    )`.execute(db);
  // Every batch asks which of its keys are parked.
  await sql`create index parked_keys on acta.parked (projection, key) where status = 'parked'`.execute(db);

  await sql`
    create table acta.operations (
      id text primary key,
      kind text not null,
      target text not null,
      status text not null default 'queued'
        check (status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
      requested_by text,
      input jsonb not null default '{}',
      progress jsonb not null default '{}',
      result jsonb,
      error text,
      cancel_requested boolean not null default false,
      owner text,
      lease_until int8,
      created_at timestamptz not null default now(),
      started_at timestamptz,
      updated_at timestamptz not null default now(),
      ended_at timestamptz
    )`.execute(db);
  await sql`create index operations_recent on acta.operations (created_at desc, id)`.execute(db);
};
