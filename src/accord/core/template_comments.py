"""Comments that other tools' templates ship, by digest: a reader need not fear what they say.

Those of spec-kit up to 1.2.3 (its commands in every spelling), of OpenSpec's spec-driven schema up
to 1.13.2 and of cc-sdd up to 3.0.2, as their released templates hold them. Only the exact words
count, so nobody can put a word of their own into one.
"""

from accord.core.model import sha256

_KNOWN = frozenset(
    (
        "00a93408ce7f9865 016ed2c6a1dba7a5 03e1076e089c8169 0a072e8c6f082bd3 0c8d36d9a33714dd "
        "0ce93b4fba352d08 0f30e472b162f76b 1571d1f6c984374d 15d9cc11e9ccb1d8 1d1a6f9ae63cbc5f "
        "1ecb822c1c87e43d 2018741c17812203 23ce51f5ed1fa8fd 263288f7df5f449e 292796f7e3a36cee "
        "2e003b46343c4286 2e36e00a7cc772dc 3106d01ee8d2da08 35d26782c1554dd3 3aea98cc6a48a625 "
        "3bd7fc4bef9d4b3e 3e9ee25c2ea06c95 439f676feadd4bd1 453eeeecc6395d6a 46e4dd063c6251fb "
        "4f9e108c4440280b 566edf807b872ac8 5af8f4c9fdc40106 64441d7105463e16 66d10912aae72943 "
        "6a3b00474b62528f 6ad75a01a1fff96b 6d73fbc40c2ec1ef 703ff62200310211 7c2b626cef293548 "
        "7e24193c7cb9dcbd 8712ea5ef18fbc60 88c65018918d0c0b 892fa95cd81178d5 8b985596e35e516e "
        "90df0415e261d2ca 91eb2dfb554d1158 96128313a53e7c84 997a2d0de718fa64 a13dfb82ac7cc4d3 "
        "a2561a011d6f15b4 a40424b02eea1c2b a68f77973cde64ff aca857458dffae6c ad937be0c1ddfd2e "
        "b598d9889a2fde0c b870f295bcdf78e9 b8e060be22db8af2 baac00dbda9644f2 bea37484dbd8a924 "
        "ceeefff5d189ae78 d3fa53e3e6b41526 d8f883367d192090 dd03329cc013557f dd9bb7e3ff823be1 "
        "e2da7b628d093fde e468c15c7df83f50 e4c8853f09a7fceb e776993b1428e94b e8f936639a760117 "
        "eb7920c1636a39c8 edb6515c8afcf367 efc99de14ee20b57 f0b7fbea18bd66c0 f145d31224b55c32 "
        "f2a13a23340f1e89 f4dd67cb08b2fd51 f50139add5b94b87 fb0e9fdc0437e36e"
    ).split()
)


def is_known(comment: str) -> bool:
    """Tell whether `comment`, from `<!--` to `-->`, is one of a template; blanks do not count."""
    return digest(comment) in _KNOWN


def digest(comment: str) -> str:
    """Return the digest of a comment by its words, as they are listed here."""
    return sha256(" ".join(comment.split()).encode())[:16]
