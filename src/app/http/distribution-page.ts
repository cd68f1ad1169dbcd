import type { IssuingState } from '../../rules/profile/issuing-state.ts';
import type { Artefact, Published } from '../../services/distribution/catalogue.ts';

const headings: Record<Artefact['kind'], string> = {
  csca: 'Country Signing CA certificates',
  'csca-link': 'CSCA link certificates',
  'document-signer': 'Document Signer certificates',
  'master-list-signer': 'Master List Signer certificates',
  'deviation-list-signer': 'Deviation List Signer certificates',
  'vds-signer': 'Bar-code signer certificates',
  'vds-nc-signer': 'VDS-NC signer certificates',
  crl: 'Certificate revocation list',
  'master-list': 'Master list',
};

const style = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
  h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
  .development { background: #b00020; color: #fff; padding: .75rem 1rem; border-radius: .25rem; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid #8886; }
  code { font-size: .75rem; overflow-wrap: anywhere; }
  footer { margin-top: 2rem; font-size: .85rem; }`;

/** The distribution's page for people. */
export function distributionPage(
  { artefacts, rollover }: Published,
  {
    state,
    isDevelopment,
    transparencyLog: { verifierKeys },
  }: {
    readonly state: IssuingState;
    readonly isDevelopment: boolean;
    readonly transparencyLog: { readonly verifierKeys: readonly string[] };
  },
): string {
  const kinds = [...new Set(artefacts.map(({ kind }) => kind))];
  const order = Object.keys(headings);
  const sections = kinds
    .toSorted((a, b) => order.indexOf(a) - order.indexOf(b))
    .map((kind) =>
      section(
        headings[kind],
        artefacts.filter((artefact) => artefact.kind === kind),
      ),
    );
  const title = `${state.organization}: eMRTD trust material`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(title)}</title>
<style>${style}</style>
</head>
<body>
${isDevelopment ? '<p class="development" role="alert"><strong>Development instance.</strong> Nothing here was issued by a state; no border may trust it.</p>' : ''}
<h1>${escape(title)}</h1>
<p>Issuing State ${escape(state.mrzCode)} (${escape(state.country)}). Border control fetches from here what it
needs to verify documents; machines read <a href="/index.json">index.json</a>. Confirm the digest of a CSCA
certificate by another channel before you trust it.</p>
${rollover === undefined ? '' : rolloverNotice(rollover.notBefore)}
${sections.join('\n')}
${verifierKeys.length === 0 ? '' : logSection(verifierKeys)}
<footer>Contact: ${escape(state.contact)}</footer>
</body>
</html>
`;
}

/** Receiving States are told beforehand (Doc 9303-12 §4.1.4.3). */
function rolloverNotice(notBefore: Date): string {
  const day = notBefore.toISOString().slice(0, 10);
  return `<p role="note"><strong>The key of the Country Signing CA will change</strong>, no sooner than ${day}. The new
certificate and a link certificate will be published here.</p>`;
}

function logSection(verifierKeys: readonly string[]): string {
  const keys = verifierKeys.length === 1 ? 'this key' : 'these keys, the newest first';
  return `<section><h2>Log</h2>
<p>Everything that is issued stands in a tamper-evident log (C2SP tlog-tiles):
<a href="/log/checkpoint">checkpoint</a>, verified with <a href="/log/vkey">${keys}</a>:<br>
<code>${verifierKeys.map(escape).join('<br>')}</code></p></section>`;
}

function section(heading: string, artefacts: readonly Artefact[]): string {
  const rows = artefacts.map(
    (artefact) => `<tr><td><a href="${escape(artefact.path)}">${escape(artefact.title)}</a><br>
<code>SHA-256 ${artefact.sha256}</code></td><td>${day(artefact.validFrom)}</td>
<td>${artefact.validUntil === undefined ? '' : day(artefact.validUntil)}</td></tr>`,
  );
  return `<section><h2>${escape(heading)}</h2>
<table><thead><tr><th scope="col">File</th><th scope="col">Valid from</th><th scope="col">Valid until</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table></section>`;
}

function day(instant: Date): string {
  const text = instant.toISOString().slice(0, 10);
  return `<time datetime="${instant.toISOString()}">${text}</time>`;
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
