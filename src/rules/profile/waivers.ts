import { z } from 'zod';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { waivableIds } from '../lint/index.ts';
import { parsePolicyFileWithLines, type PolicySource } from './policy-file.ts';

/** Rules of the lint that are not held to, each for a reason and until a day (docs/policies.md). */
const waiversSchema = z.strictObject({
  policy: z.literal('waivers'),
  waivers: z.array(
    z.strictObject({
      id: z.string().min(1),
      reason: z.string().min(10, 'must be a reason that an auditor understands: 10 characters at least'),
      until: z.iso
        .date('must be the last day that it counts on, such as 2027-03-31')
        .transform((day) => new Date(`${day}T23:59:59Z`)),
    }),
  ),
});
export type LintWaiver = z.infer<typeof waiversSchema>['waivers'][number];

/** @throws MalformedInput naming file, line and key, also for a waiver that would waive nothing */
export function parseWaivers(source: PolicySource): readonly LintWaiver[] {
  const { value, at } = parsePolicyFileWithLines(waiversSchema, source, { '': 'docs/policies.md' });
  const { waivers } = value;
  for (const [index, { id }] of waivers.entries()) {
    const refuse = (reason: string): never => {
      throw new MalformedInput(at(`waivers.${index}.id`), reason, { source: 'docs/policies.md' });
    };
    if (!waivableIds.has(id)) {
      refuse(`${id} is no rule about certificates or CRLs: sigillo lint --rules lists the ids`);
    }
    if (waivers.findIndex((other) => other.id === id) !== index) refuse(`${id} is waived twice`);
  }
  return waivers;
}
