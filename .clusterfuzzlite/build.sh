#!/usr/bin/env bash
# ClusterFuzzLite looks for its build here; the one build is fuzz/oss-fuzz/build.sh.
exec "${SRC:?}/quoit/fuzz/oss-fuzz/build.sh"
