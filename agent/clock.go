package agent

import (
	"math"
	"time"

	"golang.org/x/sys/unix"
)

// clockStart and clockOffset tie Go's monotonic clock, which time.Since reads without a system call, to the host's
// CLOCK_MONOTONIC, which deadlines in requests are on. Both are the same clock with different zero points.
var clockStart, clockOffset = func() (time.Time, int64) {
	var t unix.Timespec
	start := time.Now()
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		return start, 0
	}
	return start, t.Nano()
}()

// now is CLOCK_MONOTONIC in nanoseconds.
func now() int64 { return clockOffset + int64(time.Since(clockStart)) }

// never is a deadline that does not come.
const never = math.MaxInt64

// after is the moment d from now; never if that cannot be told.
func after(d time.Duration) int64 {
	t := now()
	if int64(d) > never-t {
		return never
	}
	return t + int64(d)
}
