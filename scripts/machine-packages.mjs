import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * What Sigillo needs from the operating system: data for `bootstrap.mjs`, named as Debian and Ubuntu name it.
 *
 * - `for`: `addon` to build the PKCS#11 addon, `start` for a development instance, `test` for the tests
 * - `isPresent`: asks for the thing itself, not for the package, so that any installation of it counts
 * - `why`: what it is used for
 * - `indispensable`: what cannot even begin without it; otherwise only what needs it fails
 */
export const machinePackages = [
  {
    name: 'python3',
    for: ['addon'],
    isPresent: () => hasCommand('python3'),
    why: 'builds the PKCS#11 addon (node-gyp)',
    indispensable: ['start'],
  },
  {
    name: 'make',
    for: ['addon'],
    isPresent: () => hasCommand('make'),
    why: 'builds the PKCS#11 addon',
    indispensable: ['start'],
  },
  {
    name: 'g++',
    for: ['addon'],
    isPresent: () => ['g++', 'c++', 'clang++'].some(hasCommand),
    why: 'builds the PKCS#11 addon',
    indispensable: ['start'],
  },
  {
    name: 'libatomic1',
    for: ['start', 'test'],
    isPresent: () => isLibrary('libatomic.so.1'),
    why: 'a library that the pinned Node loads',
    indispensable: ['start', 'test'],
  },
  {
    name: 'softhsm2',
    for: ['start', 'test'],
    isPresent: () => hasCommand('softhsm2-util'),
    why: 'the software token of development instances and tests',
    indispensable: ['start'],
  },
  {
    name: 'gcc',
    for: ['test'],
    isPresent: () => hasCommand('cc'),
    why: 'builds the token that fails as the tests tell it to',
    indispensable: [],
  },
  {
    name: 'libc6-dev',
    for: ['test'],
    isPresent: () => isFile('/usr/include/stdio.h'),
    why: 'headers for the same',
    indispensable: [],
  },
  {
    name: 'libnss3',
    for: ['test'],
    isPresent: () => isLibrary('libsoftokn3.so'),
    why: 'NSS softokn, a PKCS#11 module beside SoftHSM',
    indispensable: [],
  },
  {
    name: 'libnss3-tools',
    for: ['test'],
    isPresent: () => hasCommand('certutil'),
    why: 'makes tokens for NSS softokn',
    indispensable: [],
  },
  {
    name: 'p11-kit',
    for: ['test'],
    isPresent: () => hasCommand('p11-kit'),
    why: 'serves a token through a socket, as a network HSM does',
    indispensable: [],
  },
  {
    name: 'p11-kit-modules',
    for: ['test'],
    isPresent: () => isLibrary('pkcs11/p11-kit-client.so'),
    why: 'the PKCS#11 module for the same',
    indispensable: [],
  },
  {
    name: 'opencryptoki',
    for: ['test'],
    isPresent: () => hasCommand('pkcsslotd') || isFile('/usr/sbin/pkcsslotd'),
    why: 'a third PKCS#11 module, with a daemon',
    indispensable: [],
  },
  {
    name: 'openssl',
    for: ['test'],
    isPresent: () => hasCommand('openssl'),
    why: 'checks what we sign, as an independent reader',
    indispensable: [],
  },
  {
    name: 'gnutls-bin',
    for: ['test'],
    isPresent: () => hasCommand('certtool'),
    why: 'certtool, a second independent reader',
    indispensable: [],
  },
  {
    name: 'default-jdk-headless',
    for: ['test'],
    isPresent: () => hasCommand('javac') && hasCommand('java'),
    why: 'compiles and runs the check with Bouncy Castle',
    indispensable: [],
  },
  {
    name: 'libbcprov-java',
    for: ['test'],
    isPresent: () => isFile('/usr/share/java/bcprov.jar'),
    why: 'Bouncy Castle, an independent reader',
    indispensable: [],
  },
  {
    name: 'libbcpkix-java',
    for: ['test'],
    isPresent: () => isFile('/usr/share/java/bcpkix.jar'),
    why: 'Bouncy Castle for CMS',
    indispensable: [],
  },
];

function isFile(path) {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

const libraryFolders = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  '/lib/x86_64-linux-gnu',
  '/lib/aarch64-linux-gnu',
];

function isLibrary(name) {
  return libraryFolders.some((folder) => isFile(join(folder, name)));
}

/** Whether `name` is a command on the search path. */
export function hasCommand(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    const path = join(folder, name);
    if (folder === '' || !isFile(path)) return false;
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
