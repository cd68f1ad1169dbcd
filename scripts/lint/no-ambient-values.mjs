/**
 * Lint rule: time and chance are ports (`Clock`, `Random`), so that a test decides what time it is and a
 * crash can be repeated. `new Date(value)` only converts and stays allowed.
 */
const forbidden = new Map([
  ['Date.now', 'takes the time from nowhere: ask the Clock port'],
  ['Math.random', 'is no source of randomness: ask the Random port'],
]);

const noAmbientValues = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const report = (node, message) => context.report({ node, message });
    const isDate = (node) => node.type === 'Identifier' && node.name === 'Date';
    return {
      // The access, not the call: `const now = Date.now` is the same breach.
      MemberExpression(node) {
        if (node.object.type !== 'Identifier') return;
        const property = node.computed ? node.property.value : node.property.name;
        const why = forbidden.get(`${node.object.name}.${property}`);
        if (why !== undefined) report(node, `${node.object.name}.${property} ${why}`);
      },
      NewExpression(node) {
        if (isDate(node.callee) && node.arguments.length === 0) {
          report(node, 'new Date() takes the time from nowhere: ask the Clock port');
        }
      },
      CallExpression(node) {
        if (isDate(node.callee)) report(node, 'Date() takes the time from nowhere: ask the Clock port');
      },
    };
  },
};

export default { meta: { name: 'sigillo' }, rules: { 'no-ambient-values': noAmbientValues } };
