#!/bin/sh
# Fuzzes the file system for so many seconds: filesystem.sh [SECONDS] [CORPUS-FOLDER]
# The corpus may hold images made by `mkimage fs create`; small ones are found faster.
set -eu
cd "$(dirname "$0")/../.."
work=.build-fuzz
corpus=${2:-$work/corpus}
mkdir -p "$work/sources" "$corpus"
for file in Kernel/Checksum/CyclicChecks.swift Kernel/FileSystemFormat/*.swift Kernel/FileSystem/*.swift Kernel/FileSystemCheck/*.swift Tests/Fuzz/FileSystemFuzz.swift
do
  grep -vE '^import (FileSystem|Checksum)' "$file" > "$work/sources/$(basename "$file")"
done
swiftc -O -parse-as-library -sanitize=fuzzer,address -enable-experimental-feature Lifetimes \
  -module-name FileSystemFuzz "$work"/sources/*.swift -o "$work/filesystem"
"$work/filesystem" -max_total_time="${1:-30}" -max_len=262144 -timeout=10 -rss_limit_mb=4096 "$corpus"
