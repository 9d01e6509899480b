package simulation

import "math"

// clock is a node's idea of time: its monotonic clock runs too fast or too slow, but never more than the protocol allows;
// its wall clock is stepped.
type clock struct {
	true_ int64   // since when rate holds
	mono  int64   // what it showed then
	rate  float64 // ns of the clock in a true ns
	wall  int64   // wall clock minus monotonic clock
}

// Two clocks differ by at most 20 %: Timing.Grace is 1.2 times Timing.Lease.
const (
	rateMin = 0.92
	rateMax = 1.10
)

// monotonic is what the monotonic clock shows at a true time that is not before the last change of its rate.
func (c *clock) monotonic(t int64) int64 {
	return c.mono + int64(float64(t-c.true_)*c.rate)
}

// when is the first true time at which the monotonic clock shows at least m, if its rate stays.
func (c *clock) when(m int64) int64 {
	if m == math.MaxInt64 {
		return m
	}
	t := c.true_ + int64(float64(m-c.mono)/c.rate)
	for c.monotonic(t) < m {
		t++
	}
	return t
}

// adjust changes the rate from now on.
func (c *clock) adjust(now int64, rate float64) {
	c.mono, c.true_ = c.monotonic(now), now
	c.rate = rate
}

// wallAt is what the wall clock shows.
func (c *clock) wallAt(t int64) int64 { return c.monotonic(t) + c.wall }
