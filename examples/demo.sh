#!/usr/bin/env bash
# The demonstration behind `make demo`: in the middle of a process's work its whole node is killed, and
# a process on another node finishes the work, with a checkpoint as the only thing between them. The
# three nodes are processes of this machine, with directories and loopback addresses of their own.
# Expects a finished build; keeps all it writes in a temporary directory. Exits with 0 only if the
# result is exactly right.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly text=examples/text.txt
readonly rest_ms=40       # after each line, so that counting takes long enough to be interrupted
readonly work_s=1.5       # how long the active goes on once the standby is there
readonly wait_tenths=300  # bound of every wait, in tenths of a second

dir=$(mktemp -d "${TMPDIR:-/tmp}/ckpt-demo.XXXXXX")
net=127.$((RANDOM % 250 + 1)).$((RANDOM % 250 + 1)) # so that two demonstrations at once don't meet
nodes=('' '' '' '') active='' standby=''            # process ids; that of node K is nodes[K]

say() { printf '\n%s\n' "$*"; }
fail() {
	printf '\nFAILED: %s\n' "$*" >&2
	for k in 1 2 3; do
		[ -s "$dir/node$k.log" ] && { echo "The last words of node $k:"; tail -n 20 "$dir/node$k.log"; } >&2
	done
	exit 1
}
alive() { [ -n "$1" ] && kill -0 "$1" 2>/dev/null; }

# stop PID: ends a process of ours, politely at first, and waits until it is gone.
stop() {
	alive "$1" || return 0
	kill -TERM "$1" 2>/dev/null || true
	for ((i = 0; i < wait_tenths / 3; i++)); do
		alive "$1" || break
		sleep 0.1
	done
	if alive "$1"; then kill -KILL "$1"; fi
	wait "$1" 2>/dev/null || true
}

clean_up() {
	local status=$?
	trap - EXIT
	stop "$active"
	stop "$standby"
	for k in 1 2 3; do # all at once: the last one alone would wait for the others
		if alive "${nodes[k]}"; then kill -TERM "${nodes[k]}" || true; fi
	done
	for k in 1 2 3; do stop "${nodes[k]}"; done
	rm -rf "$dir"
	exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# wait_for_line PATTERN FILE PID: until the process has written a line with the pattern.
wait_for_line() {
	for ((i = 0; i < wait_tenths; i++)); do
		if grep -q -e "$1" "$2" 2>/dev/null; then return; fi
		alive "$3" || fail "a process ended before it wrote '$1': $(cat "$2")"
		sleep 0.1
	done
	fail "no line '$1' within $((wait_tenths / 10)) seconds"
}

[ -x build/bin/ckpt ] && [ -x build/examples/takeover ] || fail "build/ is incomplete: run make"
export LD_LIBRARY_PATH="$PWD/build/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"

# everywhere PORT: the nodes with their addresses.
everywhere() { echo "n1=$net.1:$1,n2=$net.2:$1,n3=$net.3:$1"; }
(umask 077 && od -An -N16 -tx1 /dev/urandom >"$dir/secret") # the cluster's: who does not know it stays outside

say "1. Starting a cluster of three nodes in $dir,
   each with its own ckpt up: bus, director and node director."
for k in 1 2 3; do
	mkdir "$dir/node$k"
	build/bin/ckpt up --node "n$k" --run-dir "$dir/node$k/run" --data-dir "$dir/node$k/data" \
		--listen "$net.$k:4222" --routes "$(everywhere 6222)" --directors "$(everywhere 7222)" \
		--cluster-secret-file "$dir/secret" >"$dir/node$k.out" 2>"$dir/node$k.log" &
	nodes[k]=$!
done
for k in 1 2 3; do
	wait_for_line '^ready' "$dir/node$k.out" "${nodes[k]}"
	cat "$dir/node$k.out"
done

say "2. Starting the active on node 1, to which CKPT_RUN_DIR leads it. It counts the words of
   $text line by line, slowly, and writes how far it is into the checkpoint."
CKPT_RUN_DIR="$dir/node1/run" build/examples/takeover active "$text" "$rest_ms" >"$dir/active.out" 2>&1 &
active=$!
wait_for_line '^active: counting' "$dir/active.out" "$active"
cat "$dir/active.out"

say "3. Starting the standby on node 2. It has nothing to do yet but to watch the checkpoint,
   of which its node has a replica now."
CKPT_RUN_DIR="$dir/node2/run" build/examples/takeover standby "$text" >"$dir/standby.out" 2>&1 &
standby=$!
wait_for_line '^standby: waiting' "$dir/standby.out" "$standby"
cat "$dir/standby.out"
for ((i = 0; i < wait_tenths; i++)); do
	build/bin/ckpt show --run-dir "$dir/node2/run" safCkpt=takeover >"$dir/show.out" || fail "ckpt show failed"
	grep -q 'n2: in sync' "$dir/show.out" && break
	sleep 0.1
done
sed -n '/^replicas/,$p' "$dir/show.out"
grep -q 'n2: in sync' "$dir/show.out" || fail "node 2 got no replica that is in sync"

say "4. $work_s seconds later, in the middle of the text: kill -9 for all that runs on node 1, the
   active and the service, and its directories are removed, as if the host had lost its power."
sleep "$work_s"
alive "$active" || fail "the active was gone already: $(cat "$dir/active.out")"
{ kill -KILL "${nodes[1]}" "$active" && wait "${nodes[1]}" "$active"; } 2>/dev/null || true # else the shell reports it
rm -rf "$dir/node1"
echo "killed processes ${nodes[1]} and $active"
nodes[1]='' active=''

say "5. The standby notices the silence and goes on where the active was."
for ((i = 0; i < wait_tenths; i++)); do
	alive "$standby" || break
	sleep 0.1
done
alive "$standby" && fail "the standby did not finish: $(cat "$dir/standby.out")"
wait "$standby" || fail "the standby failed: $(cat "$dir/standby.out")"
standby=''
tail -n +2 "$dir/standby.out" # but for its first line, shown in 3

say "6. Comparing with wc -w."
expected=$(wc -w <"$text")
lines=$(wc -l <"$text")
counted=$(sed -n 's/^\([0-9]*\) words in .*/\1/p' "$dir/standby.out")
taken_at=$(sed -n 's/^standby: the active is silent after \([0-9]*\) lines.*/\1/p' "$dir/standby.out")
echo "wc -w: $expected    the two processes together: $counted"
[ -n "$taken_at" ] || fail "the standby never took over"
[ "$taken_at" -gt 0 ] && [ "$taken_at" -lt "$lines" ] ||
	fail "the active was not killed in the middle, but after $taken_at of $lines lines"
[ "$counted" = "$expected" ] || fail "a word was lost or counted twice"

say "7. Stopping the other two nodes."
kill -TERM "${nodes[2]}" "${nodes[3]}"
for k in 2 3; do
	for ((i = 0; i < wait_tenths; i++)); do
		alive "${nodes[k]}" || break
		sleep 0.1
	done
	alive "${nodes[k]}" && fail "node $k does not stop"
	wait "${nodes[k]}" || fail "the service on node $k ended with an error"
	nodes[k]=''
done

say "Not a word was lost: the active counted $taken_at of $lines lines, the standby the rest."
