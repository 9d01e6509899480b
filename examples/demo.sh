#!/usr/bin/env bash
# The demonstration behind `make demo`: a process is killed in the middle of its work, and another
# one finishes it, with a checkpoint as the only thing between them. Expects a finished build; keeps
# all it writes in a temporary directory. Exits with 0 only if the result is exactly right.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly text=examples/text.txt
readonly rest_ms=20       # after each line, so that counting takes long enough to be interrupted
readonly work_s=1.5       # how long the active lives
readonly wait_tenths=300  # bound of every wait, in tenths of a second

dir=$(mktemp -d "${TMPDIR:-/tmp}/ckpt-demo.XXXXXX")
service='' active='' standby=''

say() { printf '\n%s\n' "$*"; }
fail() {
	printf '\nFAILED: %s\n' "$*" >&2
	[ -s "$dir/service.log" ] && { echo "The service's last words:"; tail -n 20 "$dir/service.log"; } >&2
	exit 1
}
alive() { [ -n "$1" ] && kill -0 "$1" 2>/dev/null; }

# stop PID: ends a process of ours, politely at first, and waits until it is gone.
stop() {
	alive "$1" || return 0
	kill -TERM "$1"
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
	stop "$service"
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
export CKPT_RUN_DIR="$dir/run"

say "1. Starting the checkpoint service (ckpt up) in $dir"
build/bin/ckpt up --run-dir "$dir/run" --data-dir "$dir/data" >"$dir/service.out" 2>"$dir/service.log" &
service=$!
wait_for_line '^ready' "$dir/service.out" "$service"
cat "$dir/service.out"

say "2. Starting the standby. It has nothing to do yet but to watch the checkpoint."
build/examples/takeover standby "$text" >"$dir/standby.out" 2>&1 &
standby=$!
wait_for_line '^standby: waiting' "$dir/standby.out" "$standby"
cat "$dir/standby.out"

say "3. Starting the active. It counts the words of $text line by line, slowly, and writes
   how far it is into the checkpoint."
build/examples/takeover active "$text" "$rest_ms" >"$dir/active.out" 2>&1 &
active=$!
wait_for_line '^active: counting' "$dir/active.out" "$active"
cat "$dir/active.out"

say "4. After $work_s seconds, in the middle of the text: kill -9."
sleep "$work_s"
alive "$active" || fail "the active was gone already: $(cat "$dir/active.out")"
{ kill -KILL "$active" && wait "$active"; } 2>/dev/null || true # the shell reports the kill on stderr
echo "killed process $active"
active=''

say "5. The standby notices the silence and goes on where the active was."
for ((i = 0; i < wait_tenths; i++)); do
	alive "$standby" || break
	sleep 0.1
done
alive "$standby" && fail "the standby did not finish: $(cat "$dir/standby.out")"
wait "$standby" || fail "the standby failed: $(cat "$dir/standby.out")"
standby=''
cat "$dir/standby.out"

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

say "7. Stopping the service."
kill -TERM "$service"
for ((i = 0; i < wait_tenths; i++)); do
	alive "$service" || break
	sleep 0.1
done
alive "$service" && fail "the service does not stop"
wait "$service" || fail "the service ended with an error"
service=''

say "Not a word was lost: the active counted $taken_at of $lines lines, the standby the rest."
