package daemon

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"libckpt/internal/config"
)

// NodesMax is the most node directors in one process.
const NodesMax = 64

// RunUp is the whole service in one process: bus, director and the given number of node directors, the first of
// which is a controller. It returns when it was told to stop and has stopped.
func RunUp(c *config.Config, nodes int) (err error) {
	ctx, cancel := UntilStopped()
	defer cancel()
	log := NewLogger(c)
	if err := prepareRunDir(c.RunDir); err != nil {
		return err
	}
	b, err := EmbedBus(c, log)
	if err != nil {
		return err
	}
	defer b.Close()
	var parts []part
	defer func() {
		for i := len(parts) - 1; i >= 0; i-- {
			err = errors.Join(err, stop(parts[i]))
		}
	}()

	d, err := startDirector(ctx, c, b, log)
	if err != nil {
		return unlessStopped(ctx, err)
	}
	parts = append(parts, d)
	wait := []awaited{{"director", d.Ready()}}
	for k := 1; k <= nodes; k++ {
		n, err := startNode(ctx, c, b, k, k == 1, log)
		if err != nil {
			return unlessStopped(ctx, err)
		}
		parts = append(parts, n)
		wait = append(wait, awaited{"registration of node " + nodeName(c.Node, k), n.Ready()})
	}
	return serve(ctx, c, log, d.Done(), d.Err, wait...)
}

func nodeName(first string, k int) string {
	if k == 1 {
		return first
	}
	return first + "-" + strconv.Itoa(k)
}

// awaited is what must be ready before calls succeed.
type awaited struct {
	name  string
	ready <-chan struct{}
}

// serve announces that calls succeed, once each part is ready, and returns when the process was told to stop; or when
// ended is closed, with the reason why. ended may be nil.
func serve(ctx context.Context, c *config.Config, log *slog.Logger, ended <-chan struct{}, why func() error, parts ...awaited) error {
	defer NotifySupervisor("STOPPING=1")
	late := time.NewTicker(readyReminder)
	defer late.Stop()
	for _, p := range parts {
		for waiting := true; waiting; {
			select {
			case <-p.ready:
				waiting = false
			case <-late.C:
				log.Warn("not ready yet: waiting for the " + p.name)
			case <-ended:
				return why()
			case <-ctx.Done():
				return nil
			}
		}
	}
	if err := AnnounceReady(c.RunDir); err != nil {
		return err
	}
	select {
	case <-ended:
		return why()
	case <-ctx.Done():
		return nil
	}
}

// part is a director or node director.
type part interface {
	Stop(context.Context) error
}

// stop stops a part, with a bound.
func stop(p part) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	return p.Stop(ctx)
}

// unlessStopped is err, but nil when it came of being told to stop.
func unlessStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
