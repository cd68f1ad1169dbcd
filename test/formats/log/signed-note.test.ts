import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCheckpoint, encodeTreeHead } from '../../../src/formats/log/checkpoint.ts';
import { leafHash } from '../../../src/formats/log/merkle-tree.ts';
import {
  decodeConsistencyProof,
  decodeInclusionProof,
  encodeConsistencyProof,
  encodeInclusionProof,
  logFileKindOf,
} from '../../../src/formats/log/proof-files.ts';
import { decodeSignedNote, encodeSignedNote } from '../../../src/formats/log/signed-note.ts';
import {
  cosignedMessage,
  decodeVerifierKey,
  encodeVerifierKey,
  type NoteKeyKind,
  verifierKey,
  verifyNote,
} from '../../../src/formats/log/verifier-key.ts';
import { MalformedInput } from '../../../src/formats/malformed-input.ts';

const octets = (text: string) => Uint8Array.from(Buffer.from(text));
const text = encodeTreeHead({ origin: 'log.example/x', size: 300, root: leafHash(octets('a')) });

/** Keys of every kind with what signs like a log or a cosigner, apart from our own code. */
function newKey(kind: NoteKeyKind) {
  const spki = (key: KeyObject) => Uint8Array.from(key.export({ format: 'der', type: 'spki' }));
  switch (kind) {
    case 'ed25519':
    case 'ed25519-cosignature': {
      const { publicKey, privateKey } = generateKeyPairSync('ed25519');
      return {
        publicKey: spki(publicKey).slice(-32),
        sign: (data: Uint8Array) => sign(null, data, privateKey),
      };
    }
    case 'ecdsa': {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return { publicKey: spki(publicKey), sign: (data: Uint8Array) => sign('sha256', data, privateKey) };
    }
    case 'ml-dsa-44-cosignature': {
      const { publicKey, privateKey } = generateKeyPairSync('ml-dsa-44');
      return {
        publicKey: spki(publicKey).slice(-1312),
        sign: (data: Uint8Array) => sign(null, data, privateKey),
      };
    }
  }
}

function signedBy(kind: NoteKeyKind, name = 'signer.example', time = 1_800_000_000n) {
  const pair = newKey(kind);
  const key = verifierKey(name, kind, pair.publicKey);
  const isCosignature = kind.endsWith('cosignature');
  const stamp = Buffer.alloc(8);
  stamp.writeBigUInt64BE(time);
  const data = isCosignature ? cosignedMessage({ text, signatures: [] }, { kind, name }, time) : octets(text);
  const signature = Uint8Array.from(Buffer.concat([...(isCosignature ? [stamp] : []), pair.sign(data)]));
  return { key, note: { text, signatures: [{ name, keyId: key.keyId, signature }] } };
}

describe('signed notes (C2SP signed-note)', () => {
  it('verifies the example of the specification', () => {
    const key = decodeVerifierKey('example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k');
    const note = decodeSignedNote(
      octets(
        'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n',
      ),
    );
    expect(verifyNote(note, [key])).toEqual({ holding: [{ key, signedAt: undefined }], failing: [] });
    expect(verifyNote({ ...note, text: 'This is another message.\n' }, [key]).failing).toEqual([key]);
  });

  it('reads the checkpoint of the specification with both its signatures', () => {
    const file = octets(
      [
        'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n',
        '— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=',
        '— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n',
      ].join('\n'),
    );
    const checkpoint = decodeCheckpoint(file);
    expect(checkpoint).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20_852_163 });
    expect(checkpoint.note.signatures.map(({ name }) => name)).toEqual([
      'example.com/behind-the-sofa',
      'witness.example.com/w1',
    ]);
    expect(encodeSignedNote(checkpoint.note)).toEqual(file);
  });

  it('cosigns the message of the specification', () => {
    const head = encodeTreeHead({ origin: 'o', size: 3, root: leafHash(octets('')) });
    const message = cosignedMessage(
      { text: head, signatures: [] },
      { kind: 'ed25519-cosignature', name: 'w' },
      1679315147n,
    );
    expect(Buffer.from(message).toString()).toBe(`cosignature/v1\ntime 1679315147\n${head}`);
  });

  it.each(['ed25519', 'ecdsa', 'ed25519-cosignature', 'ml-dsa-44-cosignature'] as const)(
    'verifies %s, and no note of which a bit was changed',
    (kind) => {
      const { key, note } = signedBy(kind);
      expect(decodeVerifierKey(encodeVerifierKey(key))).toEqual(key);
      expect(verifyNote(note, [key]).holding.map((held) => held.key)).toEqual([key]);
      const signature = note.signatures[0]!;
      fc.assert(
        fc.property(fc.nat(), fc.nat({ max: 7 }), (at, bit) => {
          const changed = Uint8Array.from(signature.signature);
          changed[at % changed.length] = changed[at % changed.length]! ^ (1 << bit);
          const result = verifyNote({ text, signatures: [{ ...signature, signature: changed }] }, [key]);
          expect(result).toEqual({ holding: [], failing: [key] });
        }),
        { numRuns: 25 },
      );
      const larger = note.text.replace('300', '301');
      expect(verifyNote({ ...note, text: larger }, [key]).holding).toEqual([]);
    },
  );

  it('tells the time of a cosignature, and takes none that states no time', () => {
    const { key, note } = signedBy('ed25519-cosignature');
    expect(verifyNote(note, [key]).holding[0]?.signedAt).toEqual(new Date(1_800_000_000_000));
    const timeless = signedBy('ed25519-cosignature', 'signer.example', 0n);
    expect(verifyNote(timeless.note, [timeless.key]).holding).toEqual([]);
  });

  it('passes over signatures of keys that it does not know, by name or by id', () => {
    const { note } = signedBy('ed25519');
    const other = signedBy('ed25519', 'other.example').key;
    const sameName = signedBy('ed25519').key;
    expect(verifyNote(note, [other, sameName])).toEqual({ holding: [], failing: [] });
  });

  it.each([
    ['no signature', `${text}\n`],
    ['no empty line', text],
    ['a signature with hyphen', `${text}\n- a.example AAAAAAA=\n`],
    ['a signature without a newline', `${text}\n— a.example AAAAAAA=`],
    ['base64 in another spelling', `${text}\n— a.example AAAAAAB=\n`],
    ['only a key id', `${text}\n— a.example AAAAAA==\n`],
    ['a control character', `${text.replace('log', 'l\tg')}\n— a.example AAAAAAA=\n`],
  ])('refuses %s', (_, file) => {
    expect(() => decodeSignedNote(octets(file))).toThrow(MalformedInput);
  });

  it.each([
    ['a size with a leading zero', 'log.example\n0300\n'],
    ['a size that is none', 'log.example\nmany\n'],
    ['a size beyond safe numbers', 'log.example\n9007199254740993\n'],
    ['no origin', '\n300\n'],
  ])('refuses a checkpoint with %s', (_, start) => {
    const root = Buffer.from(leafHash(octets('a'))).toString('base64');
    expect(() => decodeCheckpoint(octets(`${start}${root}\n\n— a.example AAAAAAA=\n`))).toThrow(
      MalformedInput,
    );
    expect(() =>
      decodeCheckpoint(octets(`log.example\n3\n${root.slice(4)}\n\n— a.example AAAAAAA=\n`)),
    ).toThrow(MalformedInput);
  });

  it('refuses vkeys with a wrong id, an unknown type, or octets that are no key', () => {
    const good = encodeVerifierKey(signedBy('ed25519').key);
    const [name = '', id = '', key = ''] = good.split('+', 3);
    for (const bad of [
      `${name}+${id.replace(/./, (digit) => (digit === '0' ? '1' : '0'))}+${good.slice(name.length + 10)}`,
      `${name}+${id}`,
      `${name}+00000000+/w==`,
      'name with space+00000000+AAAA',
      encodeVerifierKey(verifierKey(name, 'ed25519', new Uint8Array(31))),
      encodeVerifierKey(verifierKey(name, 'ecdsa', new Uint8Array(31))),
    ]) {
      expect(() => decodeVerifierKey(bad)).toThrow(MalformedInput);
    }
    expect(key).not.toBe('');
  });

  it('gives a value or a refusal to any octets', () => {
    const decoders = [decodeCheckpoint, decodeInclusionProof, decodeConsistencyProof];
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.string().map(octets)), (any) => {
        for (const decode of decoders) {
          try {
            decode(any);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedInput);
          }
        }
      }),
    );
  });
});

describe('proof files (C2SP tlog-proof, tlog-witness)', () => {
  const checkpoint = encodeSignedNote(signedBy('ed25519').note);
  const hashes = fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 63 });

  it('are read as they were written', () => {
    fc.assert(
      fc.property(hashes, fc.nat(), fc.option(fc.uint8Array(), { nil: undefined }), (proof, index, extra) => {
        const inclusion = encodeInclusionProof({ extra, index, proof, checkpoint });
        expect(logFileKindOf(inclusion)).toBe('log-proof');
        expect(decodeInclusionProof(inclusion)).toMatchObject({ extra, index, proof, checkpoint });
        const consistency = encodeConsistencyProof({ oldSize: index, proof, checkpoint });
        expect(logFileKindOf(consistency)).toBe('consistency-proof');
        expect(decodeConsistencyProof(consistency)).toMatchObject({ oldSize: index, proof, checkpoint });
      }),
    );
  });

  it('begin as the specification shows', () => {
    const file = encodeInclusionProof({
      extra: octets('leaf'),
      index: 7,
      proof: [new Uint8Array(32)],
      checkpoint,
    });
    expect(Buffer.from(file).toString()).toBe(
      `c2sp.org/tlog-proof@v1\nextra bGVhZg==\nindex 7\n${'A'.repeat(43)}=\n\n${Buffer.from(checkpoint).toString()}`,
    );
  });
});
