import { tags } from '../../../formats/der/tags.ts';
import { type CertificateRule, ecParametersOf } from './context.ts';
import { isForTls } from './kind.ts';

export const spkiExplicit: CertificateRule = {
  id: 'C-SPKI-EXPLICIT',
  title: 'the domain parameters of an elliptic-curve key are explicit',
  severity: 'error',
  source: 'Doc 9303-12 §4.1.6.3',
  mend: 'write ECParameters instead of the name of the curve',
  pkdCode: 'PKI.47',
  // TLS stacks refuse explicit parameters (RFC 8422); the clause is about what documents are verified with.
  appliesTo: (kind) => !isForTls(kind),
  findings: (context) => {
    const parameters = ecParametersOf(context);
    if (parameters === undefined || parameters === 'absent') {
      return parameters === 'absent' ? ['there are no domain parameters'] : [];
    }
    if (parameters.tag === tags.objectIdentifier) return ['the curve is named'];
    return parameters.tag === tags.sequence ? [] : ['the domain parameters are those of the issuer'];
  },
};
