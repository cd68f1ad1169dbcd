import { isServiceError } from '../../services/errors.ts';
import { printable, type Screen } from './screen.ts';

/** One line of what is wrong and one of what mends it; never a stack trace. */
export function explain(error: unknown, screen: Screen): void {
  const line = (text: string) => screen.stderr.write(`${printable(text)}\n`);
  if (!isServiceError(error)) {
    line(`sigillo: unexpected error: ${error instanceof Error ? error.message : String(error)}`);
    line('  mend: this is a bug of Sigillo; please report the command and this line');
    return;
  }
  line(`sigillo: ${error.message}`);
  if (error.kind === 'refused') line(`  mend: ${error.details.mend}`);
  if (error.kind === 'unavailable') line(`  mend: ${error.mend}`);
}
