package nodedirector

import (
	"math"
	"time"
)

// alarm has something called at a time that is often put off and seldom comes. It needs its owner's lock.
type alarm struct {
	timer *time.Timer
	due   int64 // CLOCK_MONOTONIC ns; 0 = not set
}

// set has f called no later than wake (math.MaxInt64: no need), on a goroutine of its own; too early does no harm. f sets
// due to 0 under the owner's lock.
func (a *alarm) set(wake int64, f func()) {
	if wake == math.MaxInt64 || a.due != 0 && a.due <= wake {
		return
	}
	a.due = wake
	wait := max(time.Duration(wake-monotonic()), alarmMin)
	if a.timer == nil {
		a.timer = time.AfterFunc(wait, f)
		return
	}
	a.timer.Reset(wait)
}

// stop ends the alarm; f may be under way.
func (a *alarm) stop() {
	if a.timer != nil {
		a.timer.Stop()
	}
}
