package carrier

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"libckpt/internal/wire"
)

// Stats counts frames since the start.
type Stats struct {
	Sent       uint64 // taken over by Send
	Direct     uint64 // of which over a stream of updates
	Refused    uint64 // not taken over by Send
	Received   uint64
	Malformed  uint64 // messages that could not be read
	Incomplete uint64 // frames of which pieces were missing
	Overflowed uint64 // messages that came faster than they were taken
	Strangers  uint64 // streams of others, refused
}

type counters struct {
	sent, direct, refused, received, malformed, incomplete, strangers atomic.Uint64
}

// Stats returns the counts.
func (c *Carrier) Stats() Stats {
	n := &c.stats
	s := Stats{
		Sent: n.sent.Load(), Direct: n.direct.Load(), Refused: n.refused.Load(), Received: n.received.Load(),
		Malformed: n.malformed.Load(), Incomplete: n.incomplete.Load(), Strangers: n.strangers.Load(),
	}
	for _, ch := range c.channels {
		s.Overflowed += ch.overflowed()
	}
	return s
}

// malformed counts a message that can't be read, and says so.
func (c *Carrier) malformed(err error) {
	c.stats.malformed.Add(1)
	var v *wire.VersionError
	if errors.As(err, &v) && c.said.allow("version") {
		c.log.Warn("messages of another release are ignored: upgrade the node that sends them", "reason", err)
	}
}

// incomplete counts a frame that was thrown away.
func (c *Carrier) incomplete(reason string) {
	c.stats.incomplete.Add(1)
	c.log.Debug("frame lost", "reason", reason)
}

// complaints lets each kind of line through once in a while.
type complaints struct {
	mu   sync.Mutex
	said map[string]time.Time // by kind; callers use a bounded number
}

func (l *complaints) allow(kind string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if t, ok := l.said[kind]; ok && now.Sub(t) < logInterval {
		return false
	}
	if l.said == nil {
		l.said = make(map[string]time.Time)
	}
	l.said[kind] = now
	return true
}
