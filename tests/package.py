"""What tests/package.sh needs beside Cargo: the list of Lambda functions, the
checks of a built executable, and a zip file that is the same whenever it is made.

Standard library only."""

import argparse
import base64
import hashlib
import json
import struct
import sys
import zipfile
from pathlib import Path

# What the operating system of provided.al2023 brings.
GLIBC = (2, 34)
LARGEST_ZIP = 4 * 1024 * 1024
ELF_MACHINES = {"x86_64": 62, "arm64": 183}

# Section types (System V ABI; the versions are GNU's).
DYNSYM, VERSYM, VERNEED = 11, 0x6FFFFFFF, 0x6FFFFFFE


class Unfit(Exception):
    """Why this executable must not be deployed."""


def functions(metadata):
    """The Lambda functions of the workspace, as pairs of package and binary:
    every binary under crates/ but for the command line `rootguard`."""
    crates = Path(metadata["workspace_root"], "crates")
    return sorted(
        (package["name"], target["name"])
        for package in metadata["packages"]
        if package["name"] != "rootguard" and crates in Path(package["manifest_path"]).parents
        for target in package["targets"]
        if "bin" in target["kind"]
    )


class Executable:
    """As much of a 64-bit little-endian ELF file as the checks need."""

    def __init__(self, content):
        if content[:6] != b"\x7fELF\x02\x01":
            raise Unfit("is not a 64-bit little-endian ELF file")
        self.content = content
        (self.machine,) = struct.unpack_from("<H", content, 18)
        (table,) = struct.unpack_from("<Q", content, 40)
        size, count = struct.unpack_from("<HH", content, 58)
        # (type, offset, size, index of the linked section) of each section
        self.sections = []
        for at in range(table, table + size * count, size):
            _, kind, _, _, offset, length, link = struct.unpack_from("<IIQQQQI", content, at)
            self.sections.append((kind, offset, length, link))

    def _section(self, kind):
        return next((section for section in self.sections if section[0] == kind), None)

    def _text(self, section_index, offset):
        start = self.sections[section_index][1] + offset
        return self.content[start : self.content.index(b"\0", start)].decode()

    def _version_names(self):
        """The versions that are asked of shared libraries, by index."""
        names = {}
        section = self._section(VERNEED)
        if section is None:
            return names
        _, library_at, _, strings = section
        while True:
            _, count, _, first, next_library = struct.unpack_from("<HHIII", self.content, library_at)
            at = library_at + first
            for _ in range(count):
                _, _, index, name, following = struct.unpack_from("<IHHII", self.content, at)
                names[index] = self._text(strings, name)
                at += following
            if next_library == 0:
                return names
            library_at += next_library

    def versioned_symbols(self):
        """Every symbol that a shared library must bring in a certain version, as
        pairs of version and symbol."""
        names = self._version_names()
        if not names:
            return []
        _, symbols_at, _, strings = self._section(DYNSYM)
        _, versions_at, length, _ = self._section(VERSYM)
        indices = struct.unpack_from(f"<{length // 2}H", self.content, versions_at)
        pairs = []
        for position, index in enumerate(indices):
            if index in names:
                (name,) = struct.unpack_from("<I", self.content, symbols_at + 24 * position)
                pairs.append((names[index], self._text(strings, name)))
        return pairs

    def glibc_symbols(self):
        """The symbols that glibc must bring, as pairs of its version and symbol."""
        return [
            (tuple(int(part) for part in version.removeprefix("GLIBC_").split(".")), symbol)
            for version, symbol in self.versioned_symbols()
            if version.startswith("GLIBC_") and version != "GLIBC_PRIVATE"
        ]


def newest_glibc(content, architecture, machine_paths=(), limit=GLIBC):
    """Checks an executable; answers which glibc it needs.

    Raises `Unfit` if provided.al2023 cannot run it, or if it holds one of the
    paths of the machine it was built on, by which it would differ elsewhere."""
    executable = Executable(content)
    if executable.machine != ELF_MACHINES[architecture]:
        raise Unfit(f"is not for {architecture} (ELF machine {executable.machine})")
    symbols = executable.glibc_symbols()
    newer = [symbol for version, symbol in symbols if version > limit]
    if newer:
        raise Unfit(
            f"needs a newer glibc than {dotted(limit)}, for {', '.join(newer)}: "
            "build it on a system with an older one (tests/README.md)"
        )
    for path in machine_paths:
        if path.encode() in content:
            raise Unfit(f"holds the path {path} of this machine: it would differ elsewhere")
    return max((version for version, _ in symbols), default=(0,))


def write_zip(content, path):
    """Writes the deployment package: the executable `bootstrap`, nothing else,
    and nothing of when, where or by whom it was made."""
    entry = zipfile.ZipInfo("bootstrap", date_time=(1980, 1, 1, 0, 0, 0))
    entry.create_system = 3  # Unix, so that the mode counts
    entry.external_attr = 0o100755 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)


def dotted(version):
    return ".".join(str(part) for part in version)


def pack(arguments):
    """Checks one executable and writes its package and, beside it, the executable."""
    content = arguments.executable.read_bytes()
    glibc = newest_glibc(content, arguments.architecture, arguments.machine_path)
    folder = arguments.output / arguments.architecture
    package = folder / f"{arguments.executable.name}.zip"
    bootstrap = folder / arguments.executable.name / "bootstrap"
    bootstrap.parent.mkdir(parents=True, exist_ok=True)
    bootstrap.write_bytes(content)
    bootstrap.chmod(0o755)
    write_zip(content, package)
    size = package.stat().st_size
    if size > LARGEST_ZIP:
        raise Unfit(f"makes a zip file of {size} bytes; the limit is {LARGEST_ZIP}")
    digest = base64.b64encode(hashlib.sha256(package.read_bytes()).digest()).decode()
    print(
        f"{package}: {size / 1024 / 1024:.2f} MiB, glibc {dotted(glibc)}, CodeSha256 {digest}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("functions", help="list `package binary`; reads `cargo metadata`")
    packing = commands.add_parser("pack", help="check an executable and package it")
    packing.add_argument("--architecture", choices=ELF_MACHINES, required=True)
    packing.add_argument("--output", type=Path, required=True)
    packing.add_argument("--machine-path", action="append", default=[])
    packing.add_argument("executable", type=Path)
    arguments = parser.parse_args()
    if arguments.command == "functions":
        for package, binary in functions(json.load(sys.stdin)):
            print(package, binary)
        return
    try:
        pack(arguments)
    except Unfit as reason:
        sys.exit(f"{arguments.executable} {reason}")


if __name__ == "__main__":
    main()
