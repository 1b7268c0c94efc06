"""A self-signed certificate for 127.0.0.1, made for one test run: no key is kept in the tree."""

from __future__ import annotations

from base64 import encodebytes
from pathlib import Path

from Crypto.Hash import SHA256
from Crypto.PublicKey import RSA
from Crypto.Signature import pkcs1_15
from Crypto.Util.asn1 import (
    DerBitString,
    DerNull,
    DerObjectId,
    DerOctetString,
    DerSequence,
    DerSetOf,
)

SHA256_WITH_RSA = "1.2.840.113549.1.1.11"
COMMON_NAME = "2.5.4.3"
SUBJECT_ALT_NAME = "2.5.29.17"
BASIC_CONSTRAINTS = "2.5.29.19"
TRUE = b"\x01\x01\xff"


def write_loopback_certificate(folder: Path) -> tuple[Path, Path]:
    """(certificate, key) files in PEM, good for 127.0.0.1 until 2049."""
    key = RSA.generate(2048)
    algorithm = _sequence(DerObjectId(SHA256_WITH_RSA).encode(), DerNull().encode())
    name = _sequence(
        DerSetOf([_sequence(DerObjectId(COMMON_NAME).encode(), _text("loopback"))]).encode()
    )
    times = _sequence(_time("200101000000Z"), _time("491231235959Z"))
    address = _field(0x87, bytes([127, 0, 0, 1]))
    extensions = _sequence(
        _extension(SUBJECT_ALT_NAME, _sequence(address)),
        _extension(BASIC_CONSTRAINTS, _sequence(TRUE), critical=True),
    )
    body = _sequence(
        b"\xa0\x03\x02\x01\x02",  # version 3
        b"\x02\x01\x01",  # serial number 1
        algorithm,
        name,
        times,
        name,
        key.public_key().export_key("DER"),
        _field(0xA3, extensions),
    )
    signature = pkcs1_15.new(key).sign(SHA256.new(body))
    whole = _sequence(body, algorithm, DerBitString(signature).encode())
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_text(_pem(whole))
    paths[1].write_bytes(key.export_key("PEM"))
    return paths


def _sequence(*parts: bytes) -> bytes:
    return bytes(DerSequence(list(parts)).encode())


def _extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    flag = [TRUE] if critical else []
    return _sequence(DerObjectId(oid).encode(), *flag, DerOctetString(value).encode())


def _field(tag: int, payload: bytes) -> bytes:
    size = len(payload)
    assert size < 1 << 16
    length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + payload


def _text(text: str) -> bytes:
    return _field(0x0C, text.encode())


def _time(text: str) -> bytes:
    return _field(0x17, text.encode())


def _pem(data: bytes) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{encodebytes(data).decode()}-----END CERTIFICATE-----\n"
