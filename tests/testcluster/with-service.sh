#!/bin/bash
# with-service.sh COMMAND [ARGUMENT...]: runs COMMAND against a service of its own, then stops the service: one node; or,
# with CKPT_TEST_NODES=N, one of N nodes (of one process): the second, or node CKPT_TEST_NODE. A checkpoint made there has
# its active replica there and another elsewhere.
# COMMAND finds CKPT_RUN_DIR, LD_LIBRARY_PATH (unless set already), CKPT_CONFORMANCE_SERVICE_PID, and with several nodes
# CKPT_TEST_CLUSTER and CKPT_TEST_COMMAND (see tests/harness/nodes.c) set.
# Exit status: COMMAND's; 1 if the service did not start or stop as it should.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
if [ ! -x "$root/build/bin/ckpt" ]; then
	echo "build/bin/ckpt is missing: run make" >&2
	exit 1
fi
base=/dev/shm
[ -w $base ] || base=${TMPDIR:-/tmp}
dir=$(mktemp -d "$base/ckpt-test-XXXXXX")
service=
finish() {
	status=$?
	trap - EXIT
	if [ -n "$service" ]; then
		kill -TERM "$service" 2>/dev/null
		wait "$service"
		stopped=$?
		if [ $stopped -ne 0 ]; then
			echo "the service ended with status $stopped; the end of its log:" >&2
			tail -20 "$dir/log" >&2
			[ $status -ne 0 ] || status=1
		fi
	fi
	rm -rf "$dir"
	exit $status
}
trap finish EXIT
trap 'exit 130' INT TERM
mkfifo "$dir/ready"
nodes=${CKPT_TEST_NODES:-1}
"$root/build/bin/ckpt" up --node node-1 --nodes "$nodes" --run-dir "$dir/run" --data-dir "$dir/data" >"$dir/ready" 2>"$dir/log" &
service=$!
if ! read -r -t 30 word _ <"$dir/ready" || [ "$word" != ready ]; then
	echo "the service did not get ready; the end of its log:" >&2
	tail -20 "$dir/log" >&2
	exit 1
fi
here=${CKPT_TEST_NODE:-2}
[ "$nodes" != 1 ] || here=1
cluster=
for k in $(seq "$nodes"); do # as ckpt up names nodes and their run directories
	node="node-1-$k $dir/run/node-$k"
	[ "$k" != 1 ] || node="node-1 $dir/run"
	if [ "$k" = "$here" ]; then cluster="$node $cluster"; else cluster="$cluster $node"; fi
done
read -r _ run _ <<<"$cluster"
export CKPT_RUN_DIR=$run CKPT_CONFORMANCE_SERVICE_PID=$service
[ "$nodes" = 1 ] || export CKPT_TEST_CLUSTER=$cluster CKPT_TEST_COMMAND=$root/build/bin/ckpt
export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:-$root/build/lib}
"$@"
