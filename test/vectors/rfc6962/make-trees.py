"""Trees and proofs by the recursive definitions of RFC 6962, section 2.1."""
import hashlib, json

def h(octets): return hashlib.sha256(octets).digest()

def mth(d):
    n = len(d)
    if n == 0: return h(b'')
    if n == 1: return h(b'\0' + d[0])
    k = 1
    while k * 2 < n: k *= 2
    return h(b'\1' + mth(d[:k]) + mth(d[k:]))

def path(m, d):
    n = len(d)
    if n == 1: return []
    k = 1
    while k * 2 < n: k *= 2
    return path(m, d[:k]) + [mth(d[k:])] if m < k else path(m - k, d[k:]) + [mth(d[:k])]

def subproof(m, d, whole):
    n = len(d)
    if m == n: return [] if whole else [mth(d)]
    k = 1
    while k * 2 < n: k *= 2
    if m <= k: return subproof(m, d[:k], whole) + [mth(d[k:])]
    return subproof(m - k, d[k:], False) + [mth(d[:k])]

sizes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 255, 256, 257, 258, 511, 512, 513, 600]
entry = lambda i: b'entry %d' % i
tree = lambda n: [entry(i) for i in range(n)]
hexes = lambda hashes: [x.hex() for x in hashes]
print(json.dumps({
    'entries': 'entry 0, entry 1, ... as UTF-8',
    'roots': [{'size': n, 'root': mth(tree(n)).hex()} for n in sizes],
    'inclusion': [{'index': i, 'size': n, 'proof': hexes(path(i, tree(n)))}
                  for i, n in [(0,1),(0,2),(1,2),(2,3),(4,7),(6,7),(0,257),(256,257),(255,256),(300,513),(599,600)]],
    'consistency': [{'oldSize': m, 'size': n, 'proof': hexes(subproof(m, tree(n), True))}
                    for m, n in [(1,1),(1,2),(2,3),(3,7),(4,7),(6,7),(6,8),(255,256),(256,257),(257,512),(512,600),(300,600),(599,600)]],
}, indent=1))
