import { isServiceError, type ServiceError } from '../../services/errors.ts';
import { printable, type Screen } from './screen.ts';

/** What is wrong, by which rule, where, and what mends it, a line each; never a stack trace. */
export function explain(error: unknown, screen: Screen): void {
  const line = (text: string) => screen.stderr.write(`${printable(text)}\n`);
  if (!isServiceError(error)) {
    line(`sigillo: unexpected error: ${error instanceof Error ? error.message : String(error)}`);
    line('  mend: this is a bug of Sigillo; please report the command and this line');
    return;
  }
  line(`sigillo: ${error.message}`);
  for (const where of ruleOf(error)) line(`  ${where}`);
  if (error.kind === 'refused') line(`  mend: ${error.details.mend}`);
  if (error.kind === 'unavailable') line(`  mend: ${error.mend}`);
}

/** The rule with its clause, and the field; a malformed input says in its message where it is. */
function ruleOf(error: ServiceError): readonly string[] {
  if (error.kind === 'malformed') return error.source === undefined ? [] : [`rule: ${error.source}`];
  if (error.kind === 'broken') return [];
  const { rule, source, field } =
    error.kind === 'refused' ? error.details : { rule: error.rule, source: error.source, field: undefined };
  const named = [rule, source].filter((part) => part !== undefined).join(', ');
  return [...(named === '' ? [] : [`rule: ${named}`]), ...(field === undefined ? [] : [`at: ${field}`])];
}
