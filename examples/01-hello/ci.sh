#!/bin/sh
# All that CI checks: builds, tests, has ganger check the plugin and run the job, makes the packages.
set -eu
cd "$(dirname "$0")"
umask 022 # ganger opens no plugin that its group can write

cmake -B build -DCMAKE_BUILD_TYPE=Release
cmake --build build
ctest --test-dir build --output-on-failure
ganger check build/hello.so
ganger run hello.toml -P build --no-history
cpack --config build/CPackConfig.cmake
