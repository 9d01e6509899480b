#!/bin/bash
# conformance.sh PROGRAM LIBRARIES REPORT [brief]: runs the conformance tests against a service of their own, with the
# front from the directory LIBRARIES; one line a test on stdout, with "brief" only failures and the summary; the report
# (Markdown) in the file REPORT.
set -u -o pipefail
export LD_LIBRARY_PATH=$PWD/$2
run() { "$(dirname "$0")/with-service.sh" "$PWD/$1" --report "$2"; }
if [ "${4:-}" = brief ]; then
	run "$1" "$3" | awk -F '\t' '$3 == "FAIL" || /^summary/'
else
	run "$1" "$3"
fi
