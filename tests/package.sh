#!/usr/bin/env bash
# Packages the Lambda functions for deployment, and checks the packages.
set -euo pipefail

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

usage() {
    cat <<'END'
Usage: tests/package.sh [OPTIONS]

Builds each Lambda function for provided.al2023 and packages it:
  DIRECTORY/ARCHITECTURE/FUNCTION.zip          what is deployed
  DIRECTORY/ARCHITECTURE/FUNCTION/bootstrap    the executable in it
The same sources, compilers and zlib make the same bytes, wherever it is done.
Fails if a function would not start there (glibc 2.34) or makes more than 4 MiB.

Options:
  --output DIRECTORY   where the packages go [default: `lambda` in Cargo's target folder]
  --arch ARCH          x86_64 or arm64 [default: each that this machine can build]
  --function FUNCTION  only this function [default: all]
  --verify             build and package again from a copy of the checkout in
                       another folder, and fail if a byte differs
  -h, --help           this text
END
}

fail() {
    echo "package.sh: $1" >&2
    exit "${2:-1}"
}

# Rust's name of an architecture, for Lambda's.
triple_of() {
    case $1 in
        x86_64) echo x86_64-unknown-linux-gnu ;;
        arm64) echo aarch64-unknown-linux-gnu ;;
        *) fail "--arch is x86_64 or arm64, not '$1'" 2 ;;
    esac
}

# The C compiler that builds and links for a target.
compiler_for() {
    if [[ $1 == "$host" ]]; then echo cc; else echo "${1%%-*}-linux-gnu-gcc"; fi
}

# What this machine lacks to build for a target; nothing if it can.
lacking_for() {
    local compiler
    compiler=$(compiler_for "$1")
    if [[ ! -d $(rustc --print target-libdir --target "$1") ]]; then
        echo "Rust's target (rustup target add $1)"
    elif ! command -v "$compiler" >/dev/null; then
        echo "the C compiler $compiler (Debian: apt-get install gcc-${compiler%-gcc})"
    fi
}

# Builds one function alone, so that no other package adds features to its
# dependencies, and with no path of this machine in it.
build() {
    local package=$1 binary=$2 triple=$3 linker
    linker=CARGO_TARGET_$(tr 'a-z-' 'A-Z_' <<<"$triple")_LINKER
    env "$linker=$(compiler_for "$triple")" CARGO_TARGET_DIR="$target" \
        CARGO_ENCODED_RUSTFLAGS="$(IFS=$'\x1f' && echo "${remaps[*]}")" \
        cargo build --release --locked --target "$triple" --package "$package" --bin "$binary"
}

# Packages again elsewhere, with the same options, and compares every file.
verify() {
    local copy=$target/verify/checkout again=$target/verify/lambda
    rm -rf "$copy" "$again"
    mkdir -p "$copy"
    tar -C "$checkout" --exclude-vcs --exclude=./target -cf - . | tar -C "$copy" -xf -
    CARGO_TARGET_DIR=$target/verify/target "$copy/tests/package.sh" --output "$again" "$@"
    local package
    while read -r package; do
        cmp "$output/$package" "$again/$package" || fail "$package is not reproducible"
    done < <(cd "$again" && find . -type f)
    echo "built again from $copy: the same bytes"
}

output='' arch='' function='' verify=false
while (($#)); do
    case $1 in
        --output | --arch | --function)
            [[ -n ${2-} ]] || fail "$1 needs a value" 2
            printf -v "${1#--}" %s "$2"
            shift 2
            ;;
        --verify) verify=true && shift ;;
        -h | --help) usage && exit ;;
        *) usage >&2 && fail "unknown option: $1" 2 ;;
    esac
done
[[ -z $arch ]] || triple_of "$arch" >/dev/null
[[ -z $output ]] || output=$(mkdir -p "$output" && cd "$output" && pwd -P)

cd "$checkout"
command -v python3 >/dev/null || fail "python3 is needed"
host=$(rustc -vV | sed -n 's/^host: //p')
metadata=$(cargo metadata --locked --no-deps --format-version 1)
target=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])' <<<"$metadata")
output=${output:-$target/lambda}
all=$(python3 tests/package.py functions <<<"$metadata")
functions=$(awk -v only="$function" 'only == "" || only == $2' <<<"$all")
[[ -n $functions ]] || fail "no function '$function'; there are: $(awk '{ print $2 }' <<<"$all" | xargs)" 2

# Of two prefixes of a path the compiler takes the later one.
cargo fetch --locked --quiet
cargo_home=${CARGO_HOME:-$HOME/.cargo}
sysroot=$(rustc --print sysroot)
machine_paths=("$checkout/" "$cargo_home/" "$sysroot/" "$target/")
remaps=(
    "--remap-path-prefix=$checkout=/rootguard"
    "--remap-path-prefix=$target=/target"
    "--remap-path-prefix=$cargo_home=/cargo"
    "--remap-path-prefix=$sysroot/lib/rustlib/src/rust=/rustc/$(rustc -vV | sed -n 's/^commit-hash: //p')"
)
# Cargo names the folder of a registry after how this machine reaches it.
for sources in "$cargo_home"/registry/src/*/; do
    remaps+=("--remap-path-prefix=${sources%/}=/cargo/registry")
done

packaged=0
for architecture in ${arch:-x86_64 arm64}; do
    triple=$(triple_of "$architecture")
    lacking=$(lacking_for "$triple")
    if [[ -n $lacking && -n $arch ]]; then
        fail "cannot build for $arch without $lacking"
    elif [[ -n $lacking ]]; then
        echo "SKIPPED $architecture: this machine lacks $lacking"
        continue
    fi
    while read -r package binary; do
        build "$package" "$binary" "$triple"
        python3 tests/package.py pack --architecture "$architecture" --output "$output" \
            "${machine_paths[@]/#/--machine-path=}" "$target/$triple/release/$binary"
        packaged=$((packaged + 1))
    done <<<"$functions"
done
((packaged)) || fail "this machine can build for no architecture"

if $verify; then
    verify ${arch:+--arch "$arch"} ${function:+--function "$function"}
fi
