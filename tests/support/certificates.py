"""Certificates for tests, made by openssl."""

import subprocess
from pathlib import Path


def openssl(*words: str, folder: Path) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True, timeout=60)


def authority(folder: Path, name: str = "ca") -> None:
    """NAME.crt and NAME.key."""
    openssl(
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-subj", f"/CN=test {name}", "-keyout", f"{name}.key", "-out", f"{name}.crt",
        folder=folder,
    )  # fmt: skip


def certificate(folder: Path, name: str, *, signer: str = "ca", host: str = "", days: int = 2) -> None:
    """NAME.crt and NAME.key, common name NAME. host: an IP address; days < 0: it has expired."""
    openssl(
        "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr",
        folder=folder,
    )  # fmt: skip
    extensions = folder / f"{name}.ext"
    extensions.write_text(f"subjectAltName=IP:{host}\n" if host else "basicConstraints=CA:FALSE\n")
    openssl(
        "x509", "-req", "-in", f"{name}.csr", "-CA", f"{signer}.crt", "-CAkey", f"{signer}.key",
        "-CAcreateserial", "-days", str(days), "-extfile", f"{name}.ext", "-out", f"{name}.crt",
        folder=folder,
    )  # fmt: skip
