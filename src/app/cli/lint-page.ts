import { allRules, type CatalogueEntry, type Edition, editions } from '../../rules/lint/index.ts';

/** By what a certificate is taken for one of a kind. */
export const aboutKinds =
  'A certificate does not say its kind; --kind does. Without it, one that may sign certificates is taken for a csca, or a csca-link where another key has signed it; a purpose of Doc 9303 in extKeyUsage makes it one of that signer; any other extKeyUsage, as TLS certificates have it, communication; no extKeyUsage, document-signer. Certificates that are no part of the eMRTD PKI, such as those of stations (sigillo credential), cannot be told from these by their octets: they are called communication, their CA csca, and judged as such.';

const intro = `# The lint

What a certificate, CRL, list or EF.SOD must look like by Doc 9303, as rules that anyone can run:

    sigillo lint FILE… [--kind KIND] [--edition 6|7|8] [--issuer DIR|FILE] [--inside]

Files are recognised by their content. \`--json\` prints one object a line, \`{file, kind, verdict, findings: [{code, severity, detail, source}]}\`; \`--sarif\` and \`--junit\` are for pipelines. The command ends with 0 when nothing is an error, 1 otherwise, 2 when the call or a path was wrong.

| verdict | when |
|---|---|
| \`CLEAN\` | no rule is broken, or only such that are remarks (info) |
| \`WARNINGS\` | a rule of severity warning is broken |
| \`ERRORS\` | a rule of severity error is broken |
| \`UNREADABLE\` | it cannot be read as what it is |

- **Severity** follows the verb of the standard: MUST is an error, SHOULD a warning. Rules that are no rules of the standard have the source *good practice*; what the standard leaves open is no error.
- **Edition.** A certificate is judged by the edition that was in force when it was made: the 6th (2006) through 2015, the 7th (2015) through 2021, the 8th (2021) from 2022 on. The year of publication still counts to the edition before, because nobody can issue after a text that was not out. Kinds that came with the 7th edition are never judged by the 6th. What Sigillo itself issues is judged by the 8th, whatever its dates.
- **Inputs.** Some rules need more than the object: the CSCA certificate, the register of what was issued before, the policy's periods. Without them they are reported as not judged. \`received\` is the file that an object came in, \`signature\` is there once it is signed.
- **Kinds.** ${aboutKinds}
- **PKD codes** are those of the conformance checks of the ICAO PKD, \`ERR:DSC.CDP.14\` and the like; field and number stand in the table.
- **Waivers** are in the policies: rule, reason and last day ([policies](policies.md#waivers)). An expired one sets nothing aside and is a finding itself.

The same rules run on what is to be signed before the token is touched, and on the finished object.

This page is made by \`sigillo lint --rules\`.
`;

/** Documentation of all rules, as \`docs/lint.md\` has it. */
export function lintPage(): string {
  const objects = [...new Set(allRules.map(({ object }) => object))];
  return [intro, ...objects.map(section)].join('\n');
}

function section(object: string): string {
  const rules = allRules.filter((rule) => rule.object === object);
  const rows = rules.map((rule) => {
    const { id, severity, title, source, needs } = rule;
    const cells = [id, severity, title, kindsOf(rule), source, pkdCell(rule), needs.join(', ')];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return [
    `## Rules about ${object === 'EF.SOD' ? 'an' : 'a'} ${object}`,
    '',
    '| id | severity | what must hold | concerns | source | PKD code | needs |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function pkdCell({ pkdCode }: CatalogueEntry): string {
  if (pkdCode === undefined || typeof pkdCode === 'string') return pkdCode ?? '';
  return `${pkdCode.csca} (CSCA), ${pkdCode.signer}`;
}

/** Kinds that a rule concerns, and editions where not all of them. */
function kindsOf({ kinds, allKinds }: CatalogueEntry): string {
  const byEdition = [...kinds].map(([edition, concerned]) => {
    return [edition, namesOf(concerned, allKinds.get(edition) ?? [])] as const;
  });
  const newest = byEdition.at(-1)?.[1] ?? 'all';
  const same = byEdition.every(([, names]) => names === newest);
  if (byEdition.length === 0 || (same && byEdition.length === editions.length)) return newest;
  if (same) return `${newest}; ${editionNames(byEdition.map(([edition]) => edition))}`;
  return byEdition.map(([edition, names]) => `${names} (${edition}th)`).join('; ');
}

function editionNames(concerned: readonly Edition[]): string {
  return `${concerned.map((edition) => `${edition}th`).join(' and ')} edition`;
}

function namesOf(concerned: readonly string[], all: readonly string[]): string {
  if (concerned.length === all.length) return 'all';
  const others = all.filter((kind) => !concerned.includes(kind));
  return others.length <= 3 && concerned.length > 3 ? `all but ${others.join(', ')}` : concerned.join(', ');
}
