#!/usr/bin/env bash
# Builds the fuzz targets for OSS-Fuzz and ClusterFuzzLite: programs, seeds and options in $OUT.
#
# $CC, $CXX, $CFLAGS, $CXXFLAGS and $LIB_FUZZING_ENGINE select compiler, sanitizer and engine; this
# script adds no flag. $SRC/quoit is the source, $WORK a folder to build in. If liburing, CLI11,
# OpenSSL or libarchive is missing, or QUOIT_APPS is OFF, the script builds only the targets of parser/.
# Covered by tests/fuzz/oss_fuzz_test.
set -euo pipefail
: "${SRC:?}" "${WORK:?}" "${OUT:?}" "${CXX:?}" "${LIB_FUZZING_ENGINE:?}"
source=$SRC/quoit build=$WORK/quoit

has_header() {
  local flags
  read -ra flags <<<"${CXXFLAGS:-}"
  printf '#include <%s>\n' "$1" | "$CXX" "${flags[@]}" -std=c++20 -fsyntax-only -x c++ - 2>/dev/null
}

apps=${QUOIT_APPS:-OFF}
if [[ -z ${QUOIT_APPS:-} ]] && has_header liburing.h && has_header CLI/CLI.hpp &&
  has_header openssl/ssl.h && has_header archive.h; then
  apps=ON
fi

# CMake takes compiler and flags from the environment. The engine's flags are for programs only. The
# programs run on machines without these libraries: copies are stored beside them, where they look for them.
# shellcheck disable=SC2016  # the dynamic loader expands $ORIGIN
cmake -S "$source" -B "$build" -DCMAKE_BUILD_TYPE= -DQUOIT_APPS="$apps" -DQUOIT_TESTS=OFF \
  -DQUOIT_FUZZ=ON -DQUOIT_LIBFUZZER=ON -DQUOIT_FUZZ_ENGINE="$LIB_FUZZING_ENGINE" -DQUOIT_WERROR=OFF \
  -DCMAKE_BUILD_RPATH='$ORIGIN/lib'
cmake --build "$build" -j "$(nproc)" --target fuzz_targets

for program in "$build/bin/"*_fuzzer; do
  name=$(basename "$program" _fuzzer)
  cp "$program" "$OUT/"
  ldd "$program" | awk '/liburing|libssl|libcrypto|libnettle/ { print $3 }' | while read -r library; do
    mkdir -p "$OUT/lib"
    cp -L "$library" "$OUT/lib/"
  done
  cp "$source/fuzz/oss-fuzz/fuzzer.options" "$OUT/${name}_fuzzer.options"

  # Two folders may have files of one name, so each file is named after a hash of its bytes.
  seeds=$WORK/seeds/$name
  rm -rf "$seeds"
  mkdir -p "$seeds"
  while read -r folder; do
    [[ -d $folder ]] || continue
    find "$folder" -type f -exec sha1sum {} + | while read -r sum file; do cp "$file" "$seeds/$sum"; done
  done <"$build/fuzz/$name.seeds"
  rm -f "$OUT/${name}_fuzzer_seed_corpus.zip"
  (cd "$seeds" && cmake -E tar cf "$OUT/${name}_fuzzer_seed_corpus.zip" --format=zip .)
done
cp "$source/fuzz/http.dict" "$OUT/"
