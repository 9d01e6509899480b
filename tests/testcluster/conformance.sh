#!/bin/bash
# conformance.sh PROGRAM LIBRARIES REPORT: runs the conformance tests against a service of their own, with the front
# from the directory LIBRARIES; one line a test on stdout, the report (Markdown) in the file REPORT.
set -u
export LD_LIBRARY_PATH=$PWD/$2
exec "$(dirname "$0")/with-service.sh" "$PWD/$1" --report "$3"
