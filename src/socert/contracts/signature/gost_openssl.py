"""GOST by OpenSSL's engine `gost`, called inside this process.

The engine is loaded into the system's libcrypto, which is another one than the `cryptography` package brings along; no
configuration file is needed and none is changed. It adds algorithms to that libcrypto and replaces nothing there.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_size_t, c_uint, c_void_p
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from socert.contracts.signature.gost_keys import GostAlgorithm, GostSpki, read_spki
from socert.contracts.signature.native import Held, LibraryMissing, SuiteUnavailable, function

if TYPE_CHECKING:
    from collections.abc import Callable

_LIBRARIES: Final = {"libcrypto.so.3": "engines-3", "libcrypto.so.1.1": "engines-1.1"}
"""Versions of libcrypto that have engines, and the folder that the engines of each stand in."""

_FOLDERS: Final = ("lib", "lib64", "local/lib", "local/lib64")
_ENGINES_FOLDER: Final = 5  # what OpenSSL_version is asked for to learn where its engines stand
_SHORT: Final = 16_384
_CURVES: Final = {GostAlgorithm.GOST_2012_256: b"XA", GostAlgorithm.GOST_2012_512: b"A"}


class _Libcrypto:
    """The functions that are used of one libcrypto.

    A call through `CDLL` lets other threads run and may wait up to 5 ms for its turn again, so only what computes for
    long is called that way; short calls keep the turn.
    """

    def __init__(self, name: str) -> None:
        try:
            short, long = ctypes.PyDLL(name), ctypes.CDLL(name)
        except OSError as error:
            raise LibraryMissing(str(error)) from None
        self.version = function(short, "OpenSSL_version", c_char_p, c_int)
        self.clear_errors = function(short, "ERR_clear_error", None)
        self.nid = function(short, "OBJ_txt2nid", c_int, c_char_p)
        self._engines(short)
        self._keys(short)
        digest = ("EVP_Digest", c_int, c_char_p, c_size_t, c_char_p, POINTER(c_uint), c_void_p, c_void_p)
        self.digest_short, self.digest_long = function(short, *digest), function(long, *digest)
        self.new_digest = function(short, "EVP_MD_CTX_new", c_void_p)
        self.free_digest = function(short, "EVP_MD_CTX_free", None, c_void_p)
        self.start_digest = function(short, "EVP_DigestInit_ex", c_int, c_void_p, c_void_p, c_void_p)
        update = ("EVP_DigestUpdate", c_int, c_void_p, c_char_p, c_size_t)
        self.update_short, self.update_long = function(short, *update), function(long, *update)
        self.finish_digest = function(short, "EVP_DigestFinal_ex", c_int, c_void_p, c_char_p, POINTER(c_uint))
        self.new_context = function(short, "EVP_PKEY_CTX_new", c_void_p, c_void_p, c_void_p)
        self.free_context = function(short, "EVP_PKEY_CTX_free", None, c_void_p)
        self.start_signing = function(short, "EVP_PKEY_sign_init", c_int, c_void_p)
        self.start_verifying = function(short, "EVP_PKEY_verify_init", c_int, c_void_p)
        self.sign = function(long, "EVP_PKEY_sign", c_int, c_void_p, c_char_p, POINTER(c_size_t), c_char_p, c_size_t)
        self.verify = function(long, "EVP_PKEY_verify", c_int, c_void_p, c_char_p, c_size_t, c_char_p, c_size_t)

    def _engines(self, short: ctypes.PyDLL) -> None:
        self.engine = function(short, "ENGINE_by_id", c_void_p, c_char_p)
        self.order = function(short, "ENGINE_ctrl_cmd_string", c_int, c_void_p, c_char_p, c_char_p, c_int)
        self.start_engine = function(short, "ENGINE_init", c_int, c_void_p)
        self.free_engine = function(short, "ENGINE_free", c_int, c_void_p)
        self.engine_digest = function(short, "ENGINE_get_digest", c_void_p, c_void_p, c_int)
        self.registrations = [
            function(short, f"ENGINE_register_{what}", c_int, c_void_p)
            for what in ("pkey_meths", "pkey_asn1_meths", "digests", "ciphers")
        ]

    def _keys(self, short: ctypes.PyDLL) -> None:
        into = (POINTER(c_void_p), POINTER(c_char_p), c_long)
        self.read_public = function(short, "d2i_PUBKEY", c_void_p, *into)
        self.write_public = function(short, "i2d_PUBKEY", c_int, c_void_p, POINTER(c_char_p))
        self.free_key = function(short, "EVP_PKEY_free", None, c_void_p)
        self.read_plain = function(short, "d2i_PKCS8_PRIV_KEY_INFO", c_void_p, *into)
        self.write_plain = function(short, "i2d_PKCS8_PRIV_KEY_INFO", c_int, c_void_p, POINTER(c_char_p))
        self.free_plain = function(short, "PKCS8_PRIV_KEY_INFO_free", None, c_void_p)
        self.read_encrypted = function(short, "d2i_X509_SIG", c_void_p, *into)
        self.free_encrypted = function(short, "X509_SIG_free", None, c_void_p)
        self.decrypt = function(short, "PKCS8_decrypt", c_void_p, c_void_p, c_char_p, c_int)
        self.plain_to_key = function(short, "EVP_PKCS82PKEY", c_void_p, c_void_p)
        self.key_to_plain = function(short, "EVP_PKEY2PKCS8", c_void_p, c_void_p)
        self.new_context_of = function(short, "EVP_PKEY_CTX_new_id", c_void_p, c_int, c_void_p)
        self.start_making = function(short, "EVP_PKEY_keygen_init", c_int, c_void_p)
        self.choose = function(short, "EVP_PKEY_CTX_ctrl_str", c_int, c_void_p, c_char_p, c_char_p)
        self.make_key = function(short, "EVP_PKEY_keygen", c_int, c_void_p, POINTER(c_void_p))


class OpensslEngine:
    """OpenSSL's engine `gost`. Threads may share one; there is one in a process."""

    name = "OpenSSL's GOST engine"

    def __init__(self) -> None:
        """Find libcrypto and the engine, and load both. `LibraryMissing` says what is not there."""
        self._lib, self._engine = _load()
        self._digests = {algorithm: self._digest_method(algorithm) for algorithm in GostAlgorithm}

    def _digest_method(self, algorithm: GostAlgorithm) -> int:
        method: int | None = self._lib.engine_digest(self._engine, self._lib.nid(algorithm.digest_oid.encode()))
        if not method:
            raise LibraryMissing(f"the engine has no digest of {algorithm.title}")
        return method

    def digest(self, algorithm: GostAlgorithm, data: bytes) -> bytes:
        """Return the digest that belongs to the algorithm."""
        out = ctypes.create_string_buffer(algorithm.size)
        call = self._lib.digest_short if len(data) <= _SHORT else self._lib.digest_long
        if call(data, len(data), out, None, self._digests[algorithm], self._engine) != 1:
            self._lib.clear_errors()
            raise SuiteUnavailable(f"OpenSSL's GOST engine failed to compute the digest of {len(data)} bytes.")
        return out.raw

    def start_digest(self, algorithm: GostAlgorithm) -> _Digest:
        """Begin a digest of data that comes in pieces."""
        pointer = self._lib.new_digest()
        if not pointer:
            raise SuiteUnavailable("OpenSSL has no memory for a digest.")
        held = Held(pointer, self._lib.free_digest)
        if self._lib.start_digest(held.pointer, self._digests[algorithm], self._engine) != 1:
            self._lib.clear_errors()
            raise SuiteUnavailable(f"OpenSSL's GOST engine failed to begin a digest of {algorithm.title}.")
        return _Digest(self._lib, held, algorithm.size)

    def public_key(self, spki: GostSpki) -> _PublicKey:
        """Take in a public key; `ValueError` when its point is not on its curve."""
        pointer = self._read(self._lib.read_public, spki.der)
        if not pointer:
            raise ValueError(f"The public key of {spki.algorithm.title} is no point of its curve.")
        return _PublicKey(self._lib, self._engine, Held(pointer, self._lib.free_key), spki.algorithm)

    def private_key(self, pkcs8: bytes, password: bytes | None) -> _PrivateKey:
        """Take in a PKCS#8 key (DER), encrypted or not; `ValueError` when it is none or the password is wrong."""
        pointer = self._to_key(self._plain(pkcs8, password))
        if not pointer:
            raise ValueError("The key cannot be read: it is no GOST key in PKCS#8, or its password is wrong.")
        held = Held(pointer, self._lib.free_key)
        return _PrivateKey(self._lib, self._engine, held, read_spki(self._write(self._lib.write_public, pointer)))

    def _plain(self, pkcs8: bytes, password: bytes | None) -> int | None:
        """Return the key as OpenSSL holds it before it knows of which algorithm it is."""
        if password is None:
            return self._read(self._lib.read_plain, pkcs8)
        encrypted = self._read(self._lib.read_encrypted, pkcs8)
        if not encrypted:
            return None
        plain: int | None = self._lib.decrypt(encrypted, password, len(password))
        self._lib.free_encrypted(encrypted)
        return plain

    def _to_key(self, plain: int | None) -> int | None:
        pointer: int | None = None
        if plain:
            pointer = self._lib.plain_to_key(plain)
            self._lib.free_plain(plain)
        self._lib.clear_errors()
        return pointer

    def generate(self, algorithm: GostAlgorithm) -> bytes:
        """Return a new PKCS#8 key (DER), not encrypted; `ValueError` for an algorithm that is only verified."""
        if algorithm not in _CURVES:
            raise ValueError(f"Keys of {algorithm.title} are no longer made.")
        context, made = self._lib.new_context_of(self._lib.nid(algorithm.key_oid.encode()), self._engine), c_void_p()
        done = (
            self._lib.start_making(context) == 1
            and self._lib.choose(context, b"paramset", _CURVES[algorithm]) == 1
            and self._lib.make_key(context, byref(made)) == 1
        )
        self._lib.free_context(context)
        self._lib.clear_errors()
        if not done or made.value is None:
            raise SuiteUnavailable(f"OpenSSL's GOST engine failed to make a key of {algorithm.title}.")
        held = Held(made.value, self._lib.free_key)
        plain = self._lib.key_to_plain(held.pointer)
        pkcs8 = self._write(self._lib.write_plain, plain)
        self._lib.free_plain(plain)
        return pkcs8

    def _read(self, reader: Callable[..., Any], data: bytes) -> int | None:
        """Return what a reader of OpenSSL makes of all the bytes, or None."""
        pointer: int | None = reader(None, byref(c_char_p(data)), len(data))
        self._lib.clear_errors()
        return pointer

    def _write(self, writer: Callable[..., Any], pointer: int) -> bytes:
        """Return the DER bytes that OpenSSL writes for what it holds."""
        size: int = writer(pointer, None)
        if size <= 0:
            raise SuiteUnavailable("OpenSSL's GOST engine failed to write a key.")
        out = ctypes.create_string_buffer(size)
        writer(pointer, byref(ctypes.cast(out, c_char_p)))
        return out.raw


class _Digest:
    """A digest that OpenSSL is in the middle of."""

    def __init__(self, lib: _Libcrypto, held: Held, size: int) -> None:
        self._lib, self._held, self._size = lib, held, size

    def update(self, data: bytes) -> None:
        """Take in the next piece."""
        call = self._lib.update_short if len(data) <= _SHORT else self._lib.update_long
        self._check(call(self._held.pointer, data, len(data)))

    def finish(self) -> bytes:
        """Return the digest of all pieces."""
        out = ctypes.create_string_buffer(self._size)
        self._check(self._lib.finish_digest(self._held.pointer, out, None))
        return out.raw

    def _check(self, status: int) -> None:
        if status != 1:
            self._lib.clear_errors()
            raise SuiteUnavailable("OpenSSL's GOST engine failed to compute a digest.")


class _PublicKey:
    """A public key inside OpenSSL."""

    def __init__(self, lib: _Libcrypto, engine: int, held: Held, algorithm: GostAlgorithm) -> None:
        self._lib, self._engine, self._held, self._size = lib, engine, held, algorithm.size

    def verify(self, digest: bytes, signature: bytes) -> bool:
        """Return whether the signature (s and r, big-endian) over the digest holds."""
        if len(digest) != self._size or len(signature) != 2 * self._size:
            return False
        context = self._lib.new_context(self._held.pointer, self._engine)
        holds: bool = (
            self._lib.start_verifying(context) == 1
            and self._lib.verify(context, signature, len(signature), digest, len(digest)) == 1
        )
        self._lib.free_context(context)
        if not holds:
            self._lib.clear_errors()  # what is left in the queue would be taken for an error of a TLS connection
        return holds


class _PrivateKey:
    """A private key inside OpenSSL."""

    def __init__(self, lib: _Libcrypto, engine: int, held: Held, spki: GostSpki) -> None:
        self._lib, self._engine, self._held, self.spki = lib, engine, held, spki

    def sign(self, digest: bytes) -> bytes:
        """Return s and r, big-endian."""
        if len(digest) != self.spki.algorithm.size:
            raise ValueError("The digest is not of the key's algorithm.")
        out = ctypes.create_string_buffer(2 * len(digest))
        size = c_size_t(len(out))
        context = self._lib.new_context(self._held.pointer, self._engine)
        done = (
            self._lib.start_signing(context) == 1
            and self._lib.sign(context, out, byref(size), digest, len(digest)) == 1
            and size.value == len(out)
        )
        self._lib.free_context(context)
        if not done:
            self._lib.clear_errors()
            raise SuiteUnavailable("OpenSSL's GOST engine failed to compute a signature.")
        return out.raw


def _load() -> tuple[_Libcrypto, int]:
    """Return the first libcrypto that takes the engine, and the engine, ready for use."""
    reasons = []
    for name, folder in _LIBRARIES.items():
        try:
            lib = _Libcrypto(name)
            engine = _find_engine(lib, folder)
        except LibraryMissing as error:
            reasons.append(str(error))
            continue
        # Keys are found by their algorithm's number, also where they are inside of other structures.
        for register in lib.registrations:
            register(engine)
        return lib, engine
    raise LibraryMissing("; ".join(reasons))


def _find_engine(lib: _Libcrypto, folder: str) -> int:
    """Return the engine, from where libcrypto itself looks (or has it already), or from the system's folders."""
    engine: int | None = lib.engine(b"gost")
    for place in () if engine else _places(lib, folder):
        engine = _engine_at(lib, place)
        if engine:
            break
    if engine and lib.start_engine(engine) != 1:
        engine = None
    lib.clear_errors()
    if not engine:
        raise LibraryMissing(f"no engine gost.so for {lib.version(0).decode()} in {folder}")
    return engine


def _places(lib: _Libcrypto, folder: str) -> list[Path]:
    """Return the files that may be the engine, without repetitions."""
    told = lib.version(_ENGINES_FOLDER).decode().partition('"')[2].rstrip('"')
    places = [Path(told) / "gost.so"] if told else []
    for base in (Path("/usr") / folder for folder in _FOLDERS):
        places += [*base.glob(f"{folder}/gost.so"), *base.glob(f"*/{folder}/gost.so")]
    return [place for place in dict.fromkeys(places) if place.is_file()]


def _engine_at(lib: _Libcrypto, place: Path) -> int | None:
    """Return the engine in a file, or None when it cannot be loaded."""
    engine: int | None = lib.engine(b"dynamic")
    if not engine:
        return None
    if lib.order(engine, b"SO_PATH", str(place).encode(), 0) == 1 and lib.order(engine, b"LOAD", None, 0) == 1:
        return engine
    lib.free_engine(engine)
    return None
