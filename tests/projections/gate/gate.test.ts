import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capabilities } from '../../../src/projections/capabilities/capabilities.projection.ts';
import { getCapability, listCapabilities } from '../../../src/projections/capabilities/capabilities.queries.ts';
import { directives } from '../../../src/projections/directives/directives.projection.ts';
import { getDirective, listDirectives } from '../../../src/projections/directives/directives.queries.ts';
import { policies } from '../../../src/projections/policies/policies.projection.ts';
import { policyVersions } from '../../../src/projections/policies/policy-versions.projection.ts';
import {
  getPolicy,
  getPolicyVersion,
  listPolicies,
  listPolicyVersions,
} from '../../../src/projections/policies/policies.queries.ts';
import { runs } from '../../../src/projections/runs/runs.projection.ts';
import { verdicts } from '../../../src/projections/verdicts/verdicts.projection.ts';
import { listVerdicts } from '../../../src/projections/verdicts/verdicts.queries.ts';
import { expectSameAgain, pages, stage, story, told, type Stage } from './stories.ts';

const asked = ['DirectiveDrafted', 'DirectiveProposed', 'DirectiveJudged', 'DirectiveApprovalRequested'];
const dispatched = ['DirectiveDrafted', 'DirectiveProposed', 'DirectiveApproved', 'DirectiveDispatched'];
const directiveStories = {
  draft: ['DirectiveDrafted', 'DirectiveRevised'],
  proposed: asked,
  approved: [...asked, 'DirectiveApproved'],
  blocked: [...asked, 'DirectiveBlocked'],
  executing: dispatched,
  complete: [...dispatched, 'DirectiveCompleted'],
  aborted: [...dispatched, 'DirectiveAborted'],
};

const capabilityStories = {
  enabled: ['CapabilityRegistered', 'CapabilityRevised'],
  disabled: ['CapabilityRegistered', 'CapabilityDisabled'],
  suspended: ['CapabilityRegistered', 'CapabilityDisabled', 'CapabilityEnabled', 'CapabilitySuspended'],
  retired: ['CapabilityRegistered', 'CapabilityRetired'],
};

const toldDirectives = told('directive', directiveStories);

/** Capabilities are known by a name, so each story needs another one. */
const named = (own: ReturnType<typeof story>, type: string, capability_id: string) => {
  const { data } = own.event(type) as { readonly data: { readonly spec?: object } };
  return own.event(type, data.spec === undefined ? {} : { spec: { ...data.spec, capability_id } });
};
const toldCapabilities = Object.entries({
  ...capabilityStories,
  accepted: [...capabilityStories.suspended, 'CapabilityAccepted'],
}).map(([name, types]) => {
  const own = story(`capability ${name}`);
  return [name, own, types.map((type) => named(own, type, `io.${name}`))] as const;
});

const once = story('policy');
const retired = story('policy retired');
const amended = story('directive amended');
const judged = story('a step is judged');

const drafted = (own: ReturnType<typeof story>, version: number) => own.event('PolicyDrafted', { version });
const activated = (own: ReturnType<typeof story>, version: number, previous_version: number | null) =>
  own.event('PolicyActivated', { version, previous_version });

const single = [
  [once, [drafted(once, 1), activated(once, 1, null), drafted(once, 2), activated(once, 2, 1), drafted(once, 3)]],
  [
    retired,
    [
      drafted(retired, 1),
      activated(retired, 1, null),
      retired.event('PolicySuspended', { version: 1 }),
      drafted(retired, 2),
      activated(retired, 2, 1),
      retired.event('PolicyRetired'),
    ],
  ],
  [amended, [...asked, 'DirectiveAmended'].map((type) => amended.event(type))],
  [judged, [judged.event('RunCreated'), judged.event('StepJudged')]],
] as const;

const projections = [capabilities, policies, policyVersions, directives, verdicts, runs];

describe('what the gate knows', () => {
  let on: Stage;
  beforeAll(async () => {
    const many = [...toldDirectives, ...toldCapabilities];
    on = await stage(projections, [...many.map(([, own, events]) => [own, events] as const), ...single]);
  });
  afterAll(() => on.discard());

  it('is the same when it is folded again, and without a database', async () => {
    await expectSameAgain(on, projections);
  });

  it.each(toldDirectives)('shows directives that are %s', async (status, own) => {
    const directive_id = own.idOf('DirectiveDrafted', 'directive_id');
    const { output, revision } = await on.ask(getDirective, { directive_id });
    expect(output).toMatchObject({ status, waiting_for: status === 'proposed' ? 'approval' : null, step_count: 3 });
    expect(revision).toBe(output?.['revision']);
    const listed = await on.ask(listDirectives, { status: [status] });
    expect(listed.output?.data).toContainEqual(output);
    expect(new Set(listed.output?.data.map((row) => row['status']))).toEqual(new Set([status]));
    expect(await on.ask(getDirective, { directive_id }, 'another')).toMatchObject({ code: 'not_found' });
  });

  it('shows what became of a directive, and the arguments that a person gave it', async () => {
    const of = (name: string) =>
      toldDirectives.find(([status]) => status === name)?.[1].idOf('DirectiveDrafted', 'directive_id');
    const shown = async (name: string) => (await on.ask(getDirective, { directive_id: of(name) })).output;
    expect(await shown('blocked')).toMatchObject({
      blocked_by: 'approval',
      blocked_code: 'approval_denied',
      reasons: ['Not before Friday.'],
    });
    expect(await shown('complete')).toMatchObject({ run_status: 'failed', human_override: true });
    expect(await shown('aborted')).toMatchObject({ run_status: 'canceled', message: 'Not wanted any more.' });
    expect(await shown('draft')).toMatchObject({ objective: 'Write the report of November.', environment: null });
    const directive_id = amended.idOf('DirectiveDrafted', 'directive_id');
    const { output } = await on.ask(getDirective, { directive_id });
    expect(output).toMatchObject({ waiting_for: null, approval_id: null });
    expect(output).toMatchObject({
      plan: { steps: [{ args: { text: 'All parcels but one have arrived.' } }, {}, {}] },
    });
  });

  it.each(toldCapabilities)('shows capabilities that are %s, to every tenant', async (name) => {
    const { output } = await on.ask(getCapability, { capability_id: `io.${name}` }, 'another');
    expect(output).toMatchObject({ status: name === 'accepted' ? 'enabled' : name });
    const expected = {
      enabled: { version: '1.2.1', deprecated: true, source: 'standard', pin: null, offered: null },
      disabled: { reason: 'There is no workspace here.' },
      suspended: {
        version: '1.2.0',
        risk_level: 'medium',
        offered: { changed: ['description', 'risk', 'version'], spec: { version: '1.3.0' } },
      },
      accepted: { version: '1.3.0', risk_level: 'high', offered: null },
      retired: { reason: 'Another one does this better.' },
    };
    expect(output).toMatchObject(expected[name as keyof typeof expected]);
  });

  it('lists capabilities by status and risk', async () => {
    const ids = async (filter: object) =>
      (await on.ask(listCapabilities, { ...filter })).output?.data.map((row) => row['capability_id']);
    expect(await ids({ risk_level: ['high'] })).toEqual(['io.accepted']);
    expect((await ids({ status: ['enabled'] }))?.toSorted()).toEqual(['io.accepted', 'io.enabled']);
  });

  it('shows which version of a policy is in force, and which was', async () => {
    const policy_id = once.idOf('PolicyDrafted', 'policy_id');
    expect((await on.ask(getPolicy, { policy_id })).output).toMatchObject({
      status: 'in_force',
      active_version: 2,
      newest_version: 3,
    });
    const { output } = await on.ask(listPolicyVersions, { policy_id });
    expect(output?.data.map((row) => [row['version'], row['status'], row['drafted_by']])).toEqual([
      [3, 'draft', 'key:test'],
      [2, 'active', 'key:test'],
      [1, 'superseded', 'key:test'],
    ]);
    expect((await on.ask(getPolicyVersion, { policy_id, version: 2 })).output).toEqual(output?.data[1]);
    expect(await on.ask(getPolicyVersion, { policy_id, version: 4 })).toMatchObject({ code: 'not_found' });
    expect((await on.ask(listPolicies, {}, 'another')).output?.data).toEqual([]);
  });

  it('shows nothing of a retired policy in force', async () => {
    const policy_id = retired.idOf('PolicyDrafted', 'policy_id');
    expect((await on.ask(getPolicy, { policy_id })).output).toMatchObject({ status: 'retired', active_version: null });
    const { output } = await on.ask(listPolicyVersions, { policy_id });
    expect(output?.data.map((row) => row['status'])).toEqual(['superseded', 'superseded']);
  });

  it('keeps every verdict, of directives and of steps, with the directive of its run', async () => {
    const run_id = judged.idOf('RunCreated', 'run_id');
    const { output } = await on.ask(listVerdicts, { run_id });
    expect(output?.data).toMatchObject([
      {
        judged_in: 'run',
        run_id,
        directive_id: judged.idOf('RunCreated', 'directive_id'),
        step_id: 'write',
        attempt: 1,
        decision: 'require_approval',
        rule_id: 'writes-need-two',
        policy: { name: 'default', version: 3 },
      },
    ]);
    const warned = (await on.ask(listVerdicts, { decision: ['warn'] })).output?.data ?? [];
    expect(new Set(warned.map((row) => row['capability_id']))).toEqual(new Set(['net.fetch']));
    expect(warned).toHaveLength(
      [...toldDirectives.map(([, , events]) => events), single[2][1]].filter((events) =>
        events.some(({ type }) => type === 'DirectiveJudged'),
      ).length,
    );
    expect(
      (await on.ask(listVerdicts, { rule_id: 'reading', capability_id: 'io.fs.write_file' })).output?.data,
    ).toEqual([]);
    const all = await pages(on, listVerdicts, 2);
    expect(all).toEqual((await on.ask(listVerdicts, {})).output?.data);
  });
});
