"""GOST by GnuTLS, called inside this process, where OpenSSL's engine is absent.

It knows fewer curves than the engine; which ones depends on its version (3.7: CryptoPro-A and XchA, TC26-256-B,
TC26-512-A). Keys on others are told apart from false ones: `SuiteUnavailable`.
"""

from __future__ import annotations

import ctypes
import threading
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_uint, c_void_p
from typing import TYPE_CHECKING, Any, Final

from socert.contracts.signature.gost_keys import CURVES, GostAlgorithm, GostSpki, read_spki
from socert.contracts.signature.native import Held, LibraryMissing, SuiteUnavailable, function

if TYPE_CHECKING:
    from collections.abc import Callable

_LIBRARY: Final = "libgnutls.so.30"
_DER: Final = 0
_PLAIN: Final = 1
_ALLOW_BROKEN: Final = 1 << 4 | 1 << 5  # the digest of 2001 counts as broken; whether it is accepted is decided above
_UNKNOWN_CURVE: Final = -322
_BY_CURVE: Final = 1 << 31
_SHORT: Final = 16_384

_DIGESTS: Final = {
    GostAlgorithm.GOST_2001: b"GOSTR341194",
    GostAlgorithm.GOST_2012_256: b"STREEBOG-256",
    GostAlgorithm.GOST_2012_512: b"STREEBOG-512",
}
_SIGNATURES: Final = {
    GostAlgorithm.GOST_2001: b"GOSTR341001",
    GostAlgorithm.GOST_2012_256: b"GOSTR341012-256",
    GostAlgorithm.GOST_2012_512: b"GOSTR341012-512",
}
_MADE: Final = {
    GostAlgorithm.GOST_2012_256: (b"GOST R 34.10-2012-256", b"CryptoPro-XchA"),
    GostAlgorithm.GOST_2012_512: (b"GOST R 34.10-2012-512", b"TC26-512-A"),
}


class _Datum(ctypes.Structure):
    """GnuTLS's bytes with their length."""

    _fields_ = (("data", c_void_p), ("size", c_uint))


def _datum(data: bytes) -> _Datum:
    """Return a view of the bytes, which must outlive it."""
    return _Datum(ctypes.cast(c_char_p(data), c_void_p), len(data))


class _Functions:
    """The functions that are used. Only what computes for long lets other threads run (see the OpenSSL module)."""

    def __init__(self) -> None:
        try:
            short, long = ctypes.PyDLL(_LIBRARY), ctypes.CDLL(_LIBRARY)
            self._free = ctypes.PYFUNCTYPE(None, c_void_p)(c_void_p.in_dll(short, "gnutls_free").value or 0)
        except (OSError, ValueError) as error:
            raise LibraryMissing(str(error)) from None
        data = POINTER(_Datum)
        for what in ("digest", "sign", "pk", "ecc_curve"):
            setattr(self, f"{what}_id", function(short, f"gnutls_{what}_get_id", c_int, c_char_p))
        digest = ("gnutls_hash_fast", c_int, c_int, c_char_p, c_size_t, c_char_p)
        self.digest_short, self.digest_long = function(short, *digest), function(long, *digest)
        self.start_digest = function(short, "gnutls_hash_init", c_int, POINTER(c_void_p), c_int)
        update = ("gnutls_hash", c_int, c_void_p, c_char_p, c_size_t)
        self.update_short, self.update_long = function(short, *update), function(long, *update)
        self.finish_digest = function(short, "gnutls_hash_output", None, c_void_p, c_char_p)
        self.free_digest = function(short, "gnutls_hash_deinit", None, c_void_p, c_char_p)
        self.read_public = function(short, "gnutls_pubkey_import", c_int, c_void_p, data, c_int)
        self.public_of = function(short, "gnutls_pubkey_import_privkey", c_int, c_void_p, c_void_p, c_uint, c_uint)
        self.write_public = function(short, "gnutls_pubkey_export2", c_int, c_void_p, c_int, data)
        self.read_private = function(
            short, "gnutls_privkey_import_x509_raw", c_int, c_void_p, data, c_int, c_char_p, c_uint
        )
        self.make = function(long, "gnutls_x509_privkey_generate", c_int, c_void_p, c_int, c_uint, c_uint)
        self.write_private = function(
            short, "gnutls_x509_privkey_export2_pkcs8", c_int, c_void_p, c_int, c_char_p, c_uint, data
        )
        self.sign = function(long, "gnutls_privkey_sign_hash2", c_int, c_void_p, c_int, c_uint, data, data)
        self.verify = function(long, "gnutls_pubkey_verify_hash2", c_int, c_void_p, c_int, c_uint, data, data)
        self._kinds = {
            kind: (
                function(short, f"gnutls_{kind}_init", c_int, POINTER(c_void_p)),
                function(short, f"gnutls_{kind}_deinit", None, c_void_p),
            )
            for kind in ("pubkey", "privkey", "x509_privkey")
        }

    digest_id: Callable[[bytes], int]
    sign_id: Callable[[bytes], int]
    pk_id: Callable[[bytes], int]
    ecc_curve_id: Callable[[bytes], int]

    def new(self, kind: str) -> Held:
        """Return a new, empty key."""
        start, free = self._kinds[kind]
        pointer = c_void_p()
        if start(byref(pointer)) != 0 or pointer.value is None:
            raise SuiteUnavailable("GnuTLS has no memory for a key.")
        return Held(pointer.value, free)

    def written(self, call: Callable[..., Any], *arguments: Any) -> bytes | None:
        """Return the bytes that a function writes to its last argument, or None when it fails."""
        out = _Datum()
        if call(*arguments, byref(out)) != 0:
            return None
        data = ctypes.string_at(out.data, out.size)
        self._free(out.data)
        return data


class Gnutls:
    """GnuTLS. Threads may share one."""

    name = "GnuTLS"

    def __init__(self) -> None:
        """Load it. `LibraryMissing` says what is not there."""
        self._lib = _Functions()
        self._digests = {algorithm: self._lib.digest_id(name) for algorithm, name in _DIGESTS.items()}
        self._signatures = {algorithm: self._lib.sign_id(name) for algorithm, name in _SIGNATURES.items()}
        if 0 in (*self._digests.values(), *self._signatures.values()):
            raise LibraryMissing("this GnuTLS was built without GOST")

    def digest(self, algorithm: GostAlgorithm, data: bytes) -> bytes:
        """Return the digest that belongs to the algorithm."""
        out = ctypes.create_string_buffer(algorithm.size)
        call = self._lib.digest_short if len(data) <= _SHORT else self._lib.digest_long
        if call(self._digests[algorithm], data, len(data), out) != 0:
            raise SuiteUnavailable(f"GnuTLS failed to compute the digest of {len(data)} bytes.")
        return out.raw

    def start_digest(self, algorithm: GostAlgorithm) -> _Digest:
        """Begin a digest of data that comes in pieces."""
        pointer = c_void_p()
        status = self._lib.start_digest(byref(pointer), self._digests[algorithm])
        if status != 0 or pointer.value is None:
            raise SuiteUnavailable(f"GnuTLS failed to begin a digest of {algorithm.title}.")
        free = self._lib.free_digest
        return _Digest(self._lib, Held(pointer.value, lambda held: free(held, None)), algorithm.size)

    def public_key(self, spki: GostSpki) -> _PublicKey:
        """Take in a public key; `ValueError` when it is none, `SuiteUnavailable` when its curve is not known here."""
        held = self._lib.new("pubkey")
        status = self._lib.read_public(held.pointer, byref(_datum(spki.der)), _DER)
        if status == _UNKNOWN_CURVE:
            name = CURVES[spki.algorithm][spki.curve]
            raise SuiteUnavailable(
                f"The key is on the curve {name}, which this GnuTLS does not know: install OpenSSL's GOST engine "
                "(Debian and Ubuntu: apt-get install libengine-gost-openssl)."
            )
        if status != 0:
            raise ValueError(f"The public key of {spki.algorithm.title} cannot be read.")
        return _PublicKey(self._lib, held, spki.algorithm, self._signatures[spki.algorithm])

    def private_key(self, pkcs8: bytes, password: bytes | None) -> _PrivateKey:
        """Take in a PKCS#8 key (DER), encrypted or not; `ValueError` when it is none or the password is wrong."""
        held, public = self._lib.new("privkey"), self._lib.new("pubkey")
        flags = _PLAIN if password is None else 0
        status = self._lib.read_private(held.pointer, byref(_datum(pkcs8)), _DER, password, flags)
        if status == 0:
            status = self._lib.public_of(public.pointer, held.pointer, 0, 0)
        written = self._lib.written(self._lib.write_public, public.pointer, _DER) if status == 0 else None
        if written is None:
            raise ValueError(
                "The key cannot be read: it is no GOST key in PKCS#8, its password is wrong, or GnuTLS does not know "
                "its curve."
            )
        spki = read_spki(written)
        return _PrivateKey(self._lib, held, spki, self._signatures[spki.algorithm])

    def generate(self, algorithm: GostAlgorithm) -> bytes:
        """Return a new PKCS#8 key (DER), not encrypted; `ValueError` for an algorithm that is only verified."""
        if algorithm not in _MADE:
            raise ValueError(f"Keys of {algorithm.title} are no longer made.")
        kind, curve = _MADE[algorithm]
        held = self._lib.new("x509_privkey")
        status = self._lib.make(held.pointer, self._lib.pk_id(kind), _BY_CURVE | self._lib.ecc_curve_id(curve), 0)
        written = None
        if status == 0:
            written = self._lib.written(self._lib.write_private, held.pointer, _DER, None, _PLAIN)
        if written is None:
            raise SuiteUnavailable(f"GnuTLS failed to make a key of {algorithm.title}.")
        return written


class _Digest:
    """A digest that GnuTLS is in the middle of."""

    def __init__(self, lib: _Functions, held: Held, size: int) -> None:
        self._lib, self._held, self._size = lib, held, size

    def update(self, data: bytes) -> None:
        """Take in the next piece."""
        call = self._lib.update_short if len(data) <= _SHORT else self._lib.update_long
        if call(self._held.pointer, data, len(data)) != 0:
            raise SuiteUnavailable("GnuTLS failed to compute a digest.")

    def finish(self) -> bytes:
        """Return the digest of all pieces."""
        out = ctypes.create_string_buffer(self._size)
        self._lib.finish_digest(self._held.pointer, out)
        return out.raw


class _PublicKey:
    """A public key inside GnuTLS, used by one thread at a time: GnuTLS promises no more."""

    def __init__(self, lib: _Functions, held: Held, algorithm: GostAlgorithm, method: int) -> None:
        self._lib, self._held, self._size, self._method = lib, held, algorithm.size, method
        self._lock = threading.Lock()

    def verify(self, digest: bytes, signature: bytes) -> bool:
        """Return whether the signature (s and r, big-endian) over the digest holds."""
        if len(digest) != self._size or len(signature) != 2 * self._size:
            return False
        value, over = _datum(signature), _datum(digest)
        with self._lock:
            status: int = self._lib.verify(self._held.pointer, self._method, _ALLOW_BROKEN, byref(over), byref(value))
        return status >= 0


class _PrivateKey:
    """A private key inside GnuTLS, used by one thread at a time."""

    def __init__(self, lib: _Functions, held: Held, spki: GostSpki, method: int) -> None:
        self._lib, self._held, self.spki, self._method = lib, held, spki, method
        self._lock = threading.Lock()

    def sign(self, digest: bytes) -> bytes:
        """Return s and r, big-endian."""
        if len(digest) != self.spki.algorithm.size:
            raise ValueError("The digest is not of the key's algorithm.")
        over = _datum(digest)
        with self._lock:
            value = self._lib.written(self._lib.sign, self._held.pointer, self._method, 0, byref(over))
        if value is None or len(value) != 2 * len(digest):
            raise SuiteUnavailable("GnuTLS failed to compute a signature.")
        return value
