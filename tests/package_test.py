"""Tests of package.py, on this Python's own executable: no compiler is needed."""

import os
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

from package import ELF_MACHINES, Executable, Unfit, functions, newest_glibc, write_zip

EXECUTABLE = Path(os.path.realpath(sys.executable)).read_bytes()
ARCHITECTURE = {62: "x86_64", 183: "arm64"}[Executable(EXECUTABLE).machine]
ANY_GLIBC = (99, 0)


class Functions(unittest.TestCase):
    def test_are_the_binaries_under_crates_but_for_the_command_line(self):
        def package(folder, name, *kinds):
            targets = [{"name": f"{name}-{kind}", "kind": [kind]} for kind in kinds]
            manifest = f"/checkout/{folder}/Cargo.toml"
            return {"name": name, "manifest_path": manifest, "targets": targets}

        metadata = {
            "workspace_root": "/checkout",
            "packages": [
                package("crates/control", "control", "lib", "bin", "test"),
                package("crates/facts", "facts", "lib", "bench"),
                package("crates/cli", "rootguard", "bin"),
                package("tests", "bundle-tests", "bin"),
            ],
        }
        self.assertEqual(functions(metadata), [("control", "control-bin")])


class Check(unittest.TestCase):
    def test_finds_the_version_of_every_symbol_of_glibc(self):
        symbols = {symbol: version for version, symbol in Executable(EXECUTABLE).glibc_symbols()}
        oldest = {"x86_64": (2, 2, 5), "arm64": (2, 17)}[ARCHITECTURE]
        self.assertGreaterEqual(symbols["__libc_start_main"], oldest)
        self.assertEqual(
            newest_glibc(EXECUTABLE, ARCHITECTURE, limit=ANY_GLIBC), max(symbols.values())
        )

    def test_refuses_a_symbol_of_a_newer_glibc_and_names_it(self):
        with self.assertRaisesRegex(Unfit, "newer glibc than 2.1, for .*__libc_start_main"):
            newest_glibc(EXECUTABLE, ARCHITECTURE, limit=(2, 1))

    def test_accepts_the_newest_glibc_that_is_there(self):
        newest = newest_glibc(EXECUTABLE, ARCHITECTURE, limit=ANY_GLIBC)
        self.assertEqual(newest_glibc(EXECUTABLE, ARCHITECTURE, limit=newest), newest)

    def test_refuses_another_architecture(self):
        other = next(name for name in ELF_MACHINES if name != ARCHITECTURE)
        with self.assertRaisesRegex(Unfit, f"is not for {other}"):
            newest_glibc(EXECUTABLE, other, limit=ANY_GLIBC)

    def test_refuses_a_path_of_this_machine(self):
        with self.assertRaisesRegex(Unfit, "holds the path /home/somebody/"):
            newest_glibc(
                EXECUTABLE + b"/home/somebody/src", ARCHITECTURE, ["/home/somebody/"], ANY_GLIBC
            )

    def test_refuses_what_is_no_executable(self):
        with self.assertRaisesRegex(Unfit, "not a 64-bit"):
            newest_glibc(b"#!/bin/sh\n", ARCHITECTURE)


class Zip(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_holds_an_executable_bootstrap_and_nothing_else(self):
        write_zip(b"content", self.folder / "function.zip")
        with zipfile.ZipFile(self.folder / "function.zip") as archive:
            (entry,) = archive.infolist()
            self.assertEqual(entry.filename, "bootstrap")
            self.assertEqual(entry.external_attr >> 16, 0o100755)
            self.assertEqual(archive.read(entry), b"content")

    def test_does_not_tell_when_or_where_it_was_made(self):
        for name in "one.zip", "other.zip":
            write_zip(b"content", self.folder / name)
        with zipfile.ZipFile(self.folder / "one.zip") as archive:
            self.assertEqual(archive.infolist()[0].date_time, (1980, 1, 1, 0, 0, 0))
        self.assertEqual(
            (self.folder / "one.zip").read_bytes(), (self.folder / "other.zip").read_bytes()
        )


if __name__ == "__main__":
    unittest.main()
