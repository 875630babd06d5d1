/** The kinds of directives that the harness has under way. */
export const kinds = ['pay', 'note', 'post', 'idem', 'quick_undo', 'long_undo', 'word', 'put'] as const;
export type PlanKind = (typeof kinds)[number];

const step = (step_id: string, capability_id: string, args: object, more: object = {}) => ({
  kind: 'action',
  step_id,
  capability_id,
  args,
  depends_on: [],
  ...more,
});
const after = (...depends_on: readonly string[]) => ({ depends_on });

/** The steps of a directive of this kind. Every effect is named after the directive and the step. */
export const planOf = (kind: PlanKind, name: string, ledger: string): readonly object[] => {
  const sent = (route: string, id: string) => ({ url: `${ledger}/${route}/${name}.${id}`, body: '{}' });
  const file = (id: string, more: object = {}) =>
    step(id, 'io.fs.write_file', { path: `${name}-${id}.txt`, content: name }, more);
  const pay = (more: object = {}) => step('pay', 'shop.pay', { effect: `${name}.pay` }, more);
  const fail = (...before: readonly string[]) => step('fail', 'fail_intentionally', {}, after(...before));
  switch (kind) {
    case 'pay':
      return [pay()];
    case 'note':
      return [step('note', 'shop.note', { effect: `${name}.note` })];
    case 'post':
      return [step('post', 'net.http.post', sent('unkeyed', 'post'))];
    case 'put':
      return [file('file'), step('put', 'net.http.put', sent('natural', 'put'), after('file'))];
    case 'idem':
      return [
        step('read', 'net.http.get', { url: `${ledger}/read/${name}.read` }),
        step('idem', 'net.http.post_idempotent', sent('keyed', 'idem'), after('read')),
        pay(after('idem')),
      ];
    case 'quick_undo':
      return [file('file'), pay(after('file')), fail('pay')];
    case 'long_undo':
      return [
        file('file'),
        pay(after('file')),
        step(
          'read',
          'net.http.get',
          { url: `${ledger}/read/${name}.read` },
          {
            ...after('pay'),
            compensation: { capability_id: 'net.http.put', args: sent('compensation', 'read') },
          },
        ),
        file('again', after('read')),
        fail('again'),
      ];
    case 'word':
      return [
        file('file'),
        { kind: 'human_approval', step_id: 'word', message: 'Shall it go on?', depends_on: ['file'] },
        pay(after('word')),
      ];
  }
};
