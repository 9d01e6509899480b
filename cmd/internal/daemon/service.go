package daemon

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"libckpt/internal/config"
)

// service is what one process runs: a bus, and directors and node directors on it.
type service struct {
	ctx   context.Context // ends when the process is told to stop
	c     *config.Config
	log   *slog.Logger
	bus   *Bus
	parts []started // in this order

	ended <-chan struct{} // closed when a part has ended by itself; nil if none does
	why   func() error    // the reason, then
}

// part is a director or node director.
type part interface {
	Ready() <-chan struct{}
	Stop(context.Context) error
}

// started is a part, and what it waits for to be ready.
type started struct {
	part
	awaits string
}

// run makes the bus of a process, has start start its parts, and serves until the process is told to stop. It returns
// when all parts have stopped.
func run(c *config.Config, makeBus func(*config.Config, *slog.Logger) (*Bus, error), start func(*service) error) (err error) {
	ctx, cancel := UntilStopped()
	defer cancel()
	s := &service{ctx: ctx, c: c, log: NewLogger(c)}
	if s.bus, err = makeBus(c, s.log); err != nil {
		return err
	}
	defer s.bus.Close()
	defer func() { err = errors.Join(err, s.stop()) }()
	if err := start(s); err != nil {
		if ctx.Err() != nil {
			return nil // that is why it did not start
		}
		return err
	}
	return s.serve()
}

// stop stops the parts, each with a bound, the last one started first.
func (s *service) stop() (err error) {
	for i := len(s.parts) - 1; i >= 0; i-- {
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
		err = errors.Join(err, s.parts[i].Stop(ctx))
		cancel()
	}
	return err
}

// serve announces that calls succeed, once each part is ready, and returns when the process was told to stop; or when a
// part has ended, with the reason why.
func (s *service) serve() error {
	defer NotifySupervisor("STOPPING=1")
	late := time.NewTicker(readyReminder)
	defer late.Stop()
	for _, p := range s.parts {
		for waiting := true; waiting; {
			select {
			case <-p.Ready():
				waiting = false
			case <-late.C:
				s.log.Warn("not ready yet: waiting for the " + p.awaits)
			case <-s.ended:
				return s.why()
			case <-s.ctx.Done():
				return nil
			}
		}
	}
	if err := AnnounceReady(s.c.RunDir); err != nil {
		return err
	}
	select {
	case <-s.ended:
		return s.why()
	case <-s.ctx.Done():
		return nil
	}
}
